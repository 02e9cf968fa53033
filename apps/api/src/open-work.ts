import path from 'node:path';
import type { AuditLog } from '@app/audit';
import type { TenantWeights } from '@app/auth';
import type { AppConfig } from '@app/config';
import type { Database } from '@app/database';
import { Deliveries } from '@app/deliveries';
import type { Encryption } from '@app/encryption';
import { JobFiles, Jobs } from '@app/jobs';
import { Notifications } from '@app/notifications';
import type { Logger, WorkMetrics } from '@app/observability';
import { openQueues, type OpenedQueues } from '@app/queues';
import type { Signals } from '@app/signals';
import { Webhooks } from '@app/webhooks';
import { DeliveringJobNotifier } from '../../worker/src/job-notifier.js';
import { DELIVERY_QUEUE } from '../../worker/src/processors/deliveries.processor.js';
import { packageVersion } from './installation.js';

/** What goes on after a request has been answered: jobs, and telling others of them. */
export interface Work {
  readonly queues: OpenedQueues;
  readonly files: JobFiles;
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  readonly jobs: Jobs;
  /** To be called when no request and no worker uses it any more. */
  close(): Promise<void>;
}

export interface WorkParts {
  readonly database: Database;
  readonly encryption: Encryption;
  readonly signals: Signals;
  readonly audit: AuditLog;
  readonly weights: TenantWeights;
  /** What is done is counted here; nowhere by default. */
  readonly metrics?: WorkMetrics;
}

export async function openWork(
  config: AppConfig,
  logger: Logger,
  { database, encryption: cipher, signals, audit, weights, metrics }: WorkParts,
): Promise<Work> {
  const queues = await openQueues({
    redisUrl: config.state.redisUrl,
    connection: database.connection,
    log: logger,
  });
  const files = new JobFiles({
    database,
    cipher,
    folder: path.join(config.dataDir, 'files'),
    maxBytes: config.jobs.maxFileBytes,
    keepHours: config.jobs.resultHours,
  });
  const deliveries = new Deliveries({
    database,
    cipher,
    queue: queues.queue(DELIVERY_QUEUE),
    onError: (err) => logger.warn({ err }, 'the queue of deliveries cannot be asked now'),
    onAttempt: (kind, outcome) => metrics?.countAttempt(kind, outcome),
  });
  const { allowPrivate } = config.webhooks;
  const userAgent = `Clinserve/${packageVersion()}`;
  const webhooks = new Webhooks({ database, cipher, deliveries, allowPrivate, userAgent });
  const notifications = new Notifications({ smtp: config.mail, deliveries });
  const { publicUrl } = config.http;
  const jobs = new Jobs({
    database,
    cipher,
    signals,
    audit,
    queues,
    files,
    notifier: new DeliveringJobNotifier({ deliveries, webhooks, notifications, cipher, publicUrl }),
    weightOf: (tenantId, tier) => weights.of(tenantId, tier),
    log: logger,
    observer: {
      onItems: (items, failed) => metrics?.countItems(items, failed),
      onFinish: (status) => metrics?.countFinished(status),
    },
    settings: config.jobs,
  });
  const close = async () => {
    await files.close();
    await jobs.close();
    notifications.close();
    await queues.close();
  };
  return { queues, files, deliveries, webhooks, notifications, jobs, close };
}
