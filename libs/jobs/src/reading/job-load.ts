import { sql } from 'drizzle-orm';
import { JOB_STATUSES, type JobStatus } from '../job.js';
import type { JobsParts } from '../jobs-parts.js';

/** All tenants' jobs in numbers. */
export interface JobLoad {
  /** Finished ones as long as their results are kept. */
  readonly jobs: Readonly<Record<JobStatus, number>>;
  readonly slices: {
    /** For their tenant's turn. */
    readonly waiting: number;
    /** Handed to the queue and not taken by a worker. */
    readonly admitted: number;
    readonly running: number;
  };
  /** Since the oldest job was submitted that has slices waiting; 0 when none has. */
  readonly oldestWaitingSeconds: number;
  /** Workers that have been heard of lately, and how many slices they run at once. */
  readonly workers: number;
  readonly slots: number;
}

/** Whoever asks for numbers does not hold up those who work. */
const STATEMENT_TIMEOUT_MS = 2_000;

/** Reads by indexes only, and what they hold is bounded by retention and by the limits on waiting jobs. */
export async function readJobLoad({
  database,
  now,
  settings,
}: Pick<JobsParts, 'database' | 'now' | 'settings'>): Promise<JobLoad> {
  const at = now().toISOString();
  const staleAfter = sql`now() - make_interval(secs => ${settings.staleMs / 1_000})`;
  return database.transaction(async (tx) => {
    await tx.execute(
      sql`select set_config('statement_timeout', ${`${STATEMENT_TIMEOUT_MS}`}, true)`,
    );
    const { rows: statuses } = await tx.execute<{ status: JobStatus; count: number }>(sql`
      select status, count(*)::int as count from jobs
      where status in ('pending', 'processing') or expires_at > ${at}::timestamptz
      group by status`);
    const { rows: numbers } = await tx.execute<Record<string, number>>(sql`
      select
        (select count(*) from job_slices where state = 'waiting')::int as waiting,
        (select count(*) from job_slices
          where state = 'admitted'
            and (heartbeat_at is null or heartbeat_at <= ${staleAfter}))::int as admitted,
        (select count(*) from job_slices
          where state = 'admitted' and heartbeat_at > ${staleAfter})::int as running,
        (select extract(epoch from ${at}::timestamptz - min(created_at)) from jobs job
          where status in ('pending', 'processing') and exists (
            select from job_slices where job_id = job.id and state = 'waiting'
          ))::float8 as oldest,
        (select count(*) from job_workers where seen_at > ${staleAfter})::int as workers,
        (select sum(slots) from job_workers where seen_at > ${staleAfter})::int as slots`);
    const [row = {}] = numbers;
    const count = (name: string) => row[name] ?? 0;
    const byStatus = new Map(statuses.map(({ status, count: jobs }) => [status, jobs]));
    const jobs = JOB_STATUSES.map((status) => [status, byStatus.get(status) ?? 0] as const);
    return {
      jobs: Object.fromEntries(jobs) as Record<JobStatus, number>,
      slices: {
        waiting: count('waiting'),
        admitted: count('admitted'),
        running: count('running'),
      },
      oldestWaitingSeconds: Math.max(0, count('oldest')),
      workers: count('workers'),
      slots: count('slots'),
    };
  });
}
