import { Counter, Gauge, type Registry } from 'prom-client';
import type { Reading } from './cached-reading.js';

/** What the tables of jobs and deliveries say now. */
export interface WorkLoad {
  /** By status; finished ones as long as their results are kept. */
  readonly jobs: Readonly<Record<string, number>>;
  /** By state: `waiting` for their tenant's turn, `admitted` to the queue, `running`. */
  readonly slices: Readonly<Record<string, number>>;
  /** Since the oldest job was submitted that has slices waiting; 0 when none has. */
  readonly oldestWaitingSeconds: number;
  /** Processes that run slices, and how many they run at once. */
  readonly workers: number;
  readonly slots: number;
  readonly deliveries: readonly {
    readonly kind: string;
    readonly state: string;
    readonly count: number;
  }[];
  /** Pending ones whose time has come, and how long ago the first one's came. */
  readonly due: number;
  readonly oldestDueSeconds: number;
}

/** Entries of queues: by queue, then by state. */
export type QueueEntries = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** Where the gauges read from; both answer soon, with an old value when need be. */
export interface WorkReadings {
  load(): Promise<Reading<WorkLoad> | null>;
  entries(): Promise<Reading<QueueEntries> | null>;
}

/**
 * Jobs, deliveries and their queues. Gauges tell the state of the whole installation, the
 * same in every process; counters tell what this process has done. No label names a tenant
 * or a job.
 */
export class WorkMetrics {
  private readonly items: Counter<'result'>;
  private readonly finished: Counter<'status'>;
  private readonly attempts: Counter<'kind' | 'outcome'>;
  private readings: WorkReadings | null = null;

  constructor(private readonly registry: Registry) {
    const registers = [registry];
    this.items = new Counter({
      name: 'job_items_total',
      help: 'Items of jobs this process has stored results of, by result.',
      labelNames: ['result'],
      registers,
    });
    this.finished = new Counter({
      name: 'jobs_finished_total',
      help: 'Jobs this process has ended, by status.',
      labelNames: ['status'],
      registers,
    });
    this.attempts = new Counter({
      name: 'delivery_attempts_total',
      help: 'Attempts of this process to deliver webhooks and mails, by outcome.',
      labelNames: ['kind', 'outcome'],
      registers,
    });
    this.registerGauges();
  }

  /** Where the gauges read from whenever the metrics are asked for. */
  readFrom(readings: WorkReadings): void {
    this.readings = readings;
  }

  countItems(done: number, failed: number): void {
    this.items.inc({ result: 'succeeded' }, done - failed);
    this.items.inc({ result: 'failed' }, failed);
  }

  countFinished(status: string): void {
    this.finished.inc({ status });
  }

  countAttempt(kind: string, outcome: string): void {
    this.attempts.inc({ kind, outcome });
  }

  private registerGauges(): void {
    this.loadGauge(
      'jobs',
      'Jobs by status; finished ones while results are kept.',
      'status',
      (g, now) => setAll(g, 'status', now.jobs),
    );
    this.loadGauge('job_slices', 'Slices of unfinished jobs by state.', 'state', (gauge, now) =>
      setAll(gauge, 'state', now.slices),
    );
    this.plain(
      'job_slices_oldest_waiting_seconds',
      'Age of the oldest job with slices that wait to be admitted; 0 when none wait.',
      (now) => now.oldestWaitingSeconds,
    );
    this.plain(
      'job_workers',
      'Processes that run slices and have said so lately.',
      (now) => now.workers,
    );
    this.plain('job_worker_slots', 'Slices that they run at once.', (now) => now.slots);
    this.loadGauge(
      'deliveries',
      'Webhooks and mails that are pending or have failed, by kind and state.',
      ['kind', 'state'],
      (gauge, now) => {
        gauge.reset();
        for (const { kind, state, count } of now.deliveries) gauge.set({ kind, state }, count);
      },
    );
    this.plain('deliveries_due', 'Pending deliveries whose time has come.', (now) => now.due);
    this.plain(
      'deliveries_oldest_due_seconds',
      'How long ago the time of the first of them came; 0 when there are none.',
      (now) => now.oldestDueSeconds,
    );
    this.registerQueueGauges();
  }

  private registerQueueGauges(): void {
    const readings = () => this.readings;
    new Gauge({
      name: 'queue_entries',
      help: 'Entries of the queues by queue and state.',
      labelNames: ['queue', 'state'],
      registers: [this.registry],
      async collect() {
        const now = await readings()?.entries();
        for (const [queue, states] of Object.entries(now?.value ?? {})) {
          for (const [state, count] of Object.entries(states)) this.set({ queue, state }, count);
        }
      },
    });
    new Gauge({
      name: 'work_reading_age_seconds',
      help: 'How old the values of the gauges of jobs and queues are: some seconds, unless their source is away.',
      labelNames: ['source'],
      registers: [this.registry],
      async collect() {
        const load = await readings()?.load();
        if (load != null) this.set({ source: 'database' }, load.ageMs / 1_000);
        const entries = await readings()?.entries();
        if (entries != null) this.set({ source: 'queues' }, entries.ageMs / 1_000);
      },
    });
  }

  private plain(name: string, help: string, value: (now: WorkLoad) => number): void {
    this.loadGauge(name, help, [], (gauge, now) => gauge.set(value(now)));
  }

  private loadGauge(
    name: string,
    help: string,
    labels: string | string[],
    set: (gauge: Gauge, now: WorkLoad) => void,
  ): void {
    const readings = () => this.readings;
    new Gauge({
      name,
      help,
      labelNames: [labels].flat(),
      registers: [this.registry],
      async collect() {
        const now = await readings()?.load();
        if (now != null) set(this, now.value);
      },
    });
  }
}

function setAll(gauge: Gauge, label: string, counts: Readonly<Record<string, number>>): void {
  for (const [value, count] of Object.entries(counts)) gauge.set({ [label]: value }, count);
}
