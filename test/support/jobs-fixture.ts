import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import type { Jobs, JobsOptions } from '@app/jobs';
import { openQueues, type Queues } from '@app/queues';
import { JobsInstance } from './jobs.js';

export const HOUR_MS = 3_600_000;

/** A database, queues in it, and processes that share them; new for every test. */
export class JobsFixture {
  fresh!: FreshDatabase;
  queues!: Queues;
  /** What callers' times are told by; a test may move it. */
  now = new Date();
  private readonly opened: JobsInstance[] = [];

  /** To be called in a file of tests, once. */
  static use(): JobsFixture {
    const fixture = new JobsFixture();
    beforeEach(() => fixture.start());
    afterEach(() => fixture.stop());
    return fixture;
  }

  /** What one process has. */
  async open(options: Partial<JobsOptions> = {}): Promise<JobsInstance> {
    const now = () => this.now;
    const instance = await JobsInstance.open(this.fresh, this.queues, { now, ...options });
    this.opened.push(instance);
    return instance;
  }

  passHours(hours: number): void {
    this.now = new Date(this.now.getTime() + hours * HOUR_MS + 1);
  }

  private async start(): Promise<void> {
    this.now = new Date('2026-05-01T12:00:00Z');
    this.fresh = await freshDatabase();
    const { connection } = this.fresh.database;
    this.queues = await openQueues({ redisUrl: null, connection, log: SILENT_LOG, lockMs: 3_000 });
  }

  private async stop(): Promise<void> {
    for (const instance of this.opened.splice(0).reverse()) await instance.close();
    await this.queues.close();
    await this.fresh.drop();
  }
}

export const isDone = (jobs: Jobs, id: string) => async () =>
  (await jobs.get(null, id)).completedAt !== null;
