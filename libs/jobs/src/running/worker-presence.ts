import { newId } from '@app/common';
import { eq, sql } from 'drizzle-orm';
import type { JobsParts } from '../jobs-parts.js';
import { jobWorkers } from '../jobs.schema.js';

/** A process that runs slices, as the others know it: by a row that it keeps fresh. */
export class WorkerPresence {
  readonly workerId = newId();
  private timer: NodeJS.Timeout | null = null;
  private failing = false;

  constructor(
    private readonly parts: JobsParts,
    /** Slices it works on at once. */
    readonly slots: number,
    /** Model versions it serves, as `name@version`. */
    private readonly models: readonly string[],
  ) {}

  /** Never rejects: while the database is away, it goes on trying. */
  async open(): Promise<void> {
    await this.say();
    this.timer = setInterval(() => void this.say(), this.parts.settings.heartbeatMs);
    this.timer.unref();
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.parts.database.db
      .delete(jobWorkers)
      .where(eq(jobWorkers.id, this.workerId))
      .catch(() => undefined);
  }

  private async say(): Promise<void> {
    try {
      await this.parts.database.db
        .insert(jobWorkers)
        .values({
          id: this.workerId,
          slots: this.slots,
          models: [...this.models],
          startedAt: sql`now()`,
          seenAt: sql`now()`,
        })
        .onConflictDoUpdate({ target: jobWorkers.id, set: { seenAt: sql`now()` } });
      this.failing = false;
    } catch (err) {
      if (!this.failing) this.parts.log.warn({ err }, 'this worker cannot say that it is there');
      this.failing = true;
    }
  }
}
