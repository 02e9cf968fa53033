import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import type { PredictionLogMetrics } from '@app/observability';
import { ApiMetrics } from './api-metrics/api-metrics.js';
import type { MonitoringLog } from './monitoring-log.js';
import { PredictionLog } from './prediction-log/prediction-log.js';
import { ApiStatistics } from './reading/api-overview.js';
import { PredictionReader } from './reading/prediction-reader.js';
import { PredictionStatistics } from './reading/prediction-statistics.js';
import { Retention } from './retention.js';

export interface MonitoringOptions {
  readonly database: Pick<Database, 'db'>;
  readonly cipher: FieldCipher;
  readonly log: MonitoringLog;
  readonly metrics: PredictionLogMetrics;
  /** Whether texts of predictions are kept, encrypted; false by default. */
  readonly storeText?: boolean;
  /** How long predictions and request counts are kept; 90 by default. */
  readonly retentionDays?: number;
}

const RETENTION_DAYS = 90;

/** What the service writes down about its predictions and requests, and what it tells of them. */
export class Monitoring {
  /** To be told of every prediction. */
  readonly predictionLog: PredictionLog;
  /** To be told of every answered request. */
  readonly apiMetrics: ApiMetrics;
  readonly predictions: PredictionReader;
  readonly statistics: PredictionStatistics;
  readonly api: ApiStatistics;
  private readonly retention: Retention;

  constructor(options: MonitoringOptions) {
    const { database, cipher, log, storeText = false } = options;
    this.predictionLog = new PredictionLog({ ...options, storeText });
    this.apiMetrics = new ApiMetrics({ database, log });
    this.predictions = new PredictionReader(database, cipher);
    this.statistics = new PredictionStatistics(database);
    this.api = new ApiStatistics(database);
    this.retention = new Retention({
      database,
      log,
      days: options.retentionDays ?? RETENTION_DAYS,
    });
  }

  /** Begins to write down, and to remove what is too old. */
  open(): void {
    this.predictionLog.open();
    this.apiMetrics.open();
    this.retention.open();
  }

  /** Writes down what is left; to be called once the last answer is out and before the database goes. */
  async close(): Promise<void> {
    await Promise.all([
      this.predictionLog.close(),
      this.apiMetrics.close(),
      this.retention.close(),
    ]);
  }
}
