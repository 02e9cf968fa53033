import type { Probe, ProbeResult } from '@app/common';
import type { Pool } from 'pg';

/** Someone waits for the answer, and a working database gives it in a millisecond. */
const PATIENCE_MS = 1_500;

/** The pool's words when nobody gave a connection back in time. */
const NO_CONNECTION_FREE = 'timeout exceeded when trying to connect';

type Answer = 'answered' | 'refused' | 'late';

/** Whether statements are answered. */
export class DatabaseProbe implements Probe {
  readonly name = 'database';
  readonly critical = true;

  constructor(private readonly pool: Pool) {}

  async check(): Promise<ProbeResult> {
    const answer = await Promise.race([this.ask(), tooLate()]);
    const { totalCount, idleCount, options } = this.pool;
    const use = `${totalCount - idleCount} of ${options.max} connections in use`;
    switch (answer) {
      case 'answered':
        return { status: 'healthy', message: use };
      case 'refused':
        return { status: 'unhealthy', message: 'the database cannot be reached' };
      case 'late':
        // Those who hold the connections are being served: busy is not broken.
        return totalCount >= options.max && idleCount === 0
          ? { status: 'degraded', message: use }
          : { status: 'unhealthy', message: `no answer within ${PATIENCE_MS} ms` };
    }
  }

  private ask(): Promise<Answer> {
    return this.pool.query('select 1').then(
      () => 'answered',
      (error: unknown) => ((error as Error).message === NO_CONNECTION_FREE ? 'late' : 'refused'),
    );
  }
}

function tooLate(): Promise<Answer> {
  return new Promise((resolve) => {
    setTimeout(() => resolve('late'), PATIENCE_MS).unref();
  });
}
