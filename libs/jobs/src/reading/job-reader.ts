import { invalidField } from '@app/common';
import type { FieldCipher } from '@app/encryption';
import { and, count, desc, eq, inArray, max, sql, type SQL } from 'drizzle-orm';
import { EnvelopeColumn } from '../envelopes.js';
import { jobEventsRepository } from '../events/job-events.repository.js';
import { progressOf } from '../events/progress.js';
import { findJob } from '../jobs.repository.js';
import {
  isFinished,
  type JobError,
  type JobProgress,
  type JobRow,
  type JobStatus,
  type JobTopic,
  type JobView,
} from '../job.js';
import type { JobsParts } from '../jobs-parts.js';
import { jobs, jobSlices } from '../jobs.schema.js';

export interface JobPage {
  /** The newest first. */
  readonly jobs: readonly JobView[];
  /** For the next page; null when this is the last. */
  readonly nextCursor: string | null;
  /** Of all pages. */
  readonly total: number;
}

/** A rate that old says nothing of now, ms. */
const FRESH_MS = 10_000;

/** Jobs as their owners see them. */
export class JobReader {
  private readonly metadata: EnvelopeColumn;

  constructor(private readonly parts: JobsParts) {
    this.metadata = metadataColumn(parts.cipher);
  }

  async find(tenantId: string | null, id: string): Promise<JobView | null> {
    const job = await findJob(this.parts.database.db, tenantId, id);
    const [view = null] = job === null ? [] : await this.views([job]);
    return view;
  }

  async list(
    tenantId: string | null,
    page: { readonly status?: JobStatus; readonly cursor?: string; readonly limit: number },
  ): Promise<JobPage> {
    const { db } = this.parts.database;
    const matches = and(
      tenantId === null ? undefined : eq(jobs.tenantId, tenantId),
      page.status === undefined ? undefined : eq(jobs.status, page.status),
    );
    const rows = await db
      .select()
      .from(jobs)
      .where(and(matches, beforeCursor(page.cursor)))
      .orderBy(desc(jobs.createdAt), desc(jobs.id))
      .limit(page.limit + 1);
    const [counted] = await db.select({ total: count() }).from(jobs).where(matches);
    const more = rows.length > page.limit;
    if (more) rows.pop();
    const last = rows.at(-1);
    return {
      jobs: await this.views(rows),
      nextCursor: more && last !== undefined ? cursorOf(last) : null,
      total: counted?.total ?? 0,
    };
  }

  private async views(rows: readonly JobRow[]): Promise<JobView[]> {
    const attempts = await this.attempts(rows.map(({ id }) => id));
    const pending = rows.filter(({ status }) => status === 'pending');
    const positions = await this.positions(pending.map(({ id }) => id));
    const views: JobView[] = [];
    for (const row of rows) {
      const position = positions.get(row.id) ?? null;
      views.push(await this.view(row, attempts.get(row.id) ?? 0, position));
    }
    return views;
  }

  private async attempts(jobIds: string[]): Promise<Map<string, number>> {
    if (jobIds.length === 0) return new Map();
    const rows = await this.parts.database.db
      .select({ jobId: jobSlices.jobId, most: max(jobSlices.attempts) })
      .from(jobSlices)
      .where(inArray(jobSlices.jobId, jobIds))
      .groupBy(jobSlices.jobId);
    return new Map(rows.map(({ jobId, most }) => [jobId, most ?? 0]));
  }

  private async view(
    job: JobRow,
    attempts: number,
    queuePosition: number | null,
  ): Promise<JobView> {
    return {
      jobId: job.id,
      tenantId: job.tenantId,
      principalId: job.principalId,
      status: job.status as JobStatus,
      model: job.model,
      modelVersion: job.modelVersion,
      inputFileId: job.inputFileId,
      progress: await this.progress(job),
      queuePosition,
      createdAt: job.createdAt,
      startedAt: job.startedAt,
      completedAt: job.completedAt,
      deadlineAt: job.deadlineAt,
      expiresAt: job.expiresAt,
      purgedAt: job.purgedAt,
      attempts,
      error: job.error as JobError | null,
      callbackEvents: job.callbackEvents as JobTopic[],
      hasCallback: job.callbackUrl !== null,
      metadata:
        job.metadata === null
          ? null
          : (JSON.parse(this.metadata.open(job.id, job.metadata)) as Record<string, unknown>),
    };
  }

  /** Of a running job as it was last told, so that no reader sees it go backwards. */
  private async progress(job: JobRow): Promise<JobProgress> {
    const { db } = this.parts.database;
    const now = { at: this.parts.now(), current: job.done };
    if (isFinished(job.status)) return progressOf(now, job, null);
    const last = await jobEventsRepository.newest(db, job.id);
    if (last === null) return progressOf(now, job, null);
    const current = Math.max(job.done, last.progress.current);
    const progress = progressOf({ at: now.at, current }, job, null);
    if (now.at.getTime() - last.at.getTime() > FRESH_MS) return progress;
    const { itemsPerSecond, etaSeconds } = last.progress;
    return { ...progress, itemsPerSecond, etaSeconds };
  }

  /**
   * Where pending jobs stand among all that are pending when tenants take turns:
   * first every tenant's first job, then every tenant's second, the older one before the
   * other. A tenant's jobs at work come before its pending ones, as turns it has had.
   * Admission goes by slices, and by what each tenant has had for its weight: this is near it, no more.
   * @returns by id, 1 for the next to start; without those that are pending no more
   */
  private async positions(ids: readonly string[]): Promise<Map<string, number>> {
    if (ids.length === 0) return new Map();
    const { rows } = await this.parts.database.db.execute<{ id: string; position: number }>(sql`
      select id, position from (
        select id, row_number() over (order by turn, created_at, id)::int as position
        from (
          select id, status, created_at, row_number() over (
            partition by tenant_id order by status = 'processing' desc, created_at, id
          ) as turn
          from jobs where status in ('pending', 'processing')
        ) open_jobs
        where status = 'pending'
      ) waiting
      where ${inArray(sql`id`, [...ids])}`);
    return new Map(rows.map(({ id, position }) => [id, position]));
  }
}

export function metadataColumn(cipher: FieldCipher): EnvelopeColumn {
  return new EnvelopeColumn(cipher, 'jobs', 'metadata');
}

function cursorOf({ createdAt, id }: JobRow): string {
  return `${createdAt.getTime()}_${id}`;
}

function beforeCursor(cursor: string | undefined): SQL | undefined {
  if (cursor === undefined) return undefined;
  // A time with a digit more is of a year that Postgres does not read.
  const match = /^(\d{1,14})_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/.exec(cursor);
  if (match === null) {
    throw invalidField('cursor', 'invalid', 'cursor must be a next_cursor of an earlier answer');
  }
  const at = new Date(Number(match[1])).toISOString();
  return sql`(${jobs.createdAt}, ${jobs.id}) < (${at}::timestamptz, ${match[2]}::uuid)`;
}
