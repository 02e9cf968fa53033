import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { Injectable, StreamableFile } from '@nestjs/common';
import { AuditLog } from '@app/audit';
import type { RequestContext } from '@app/common';
import { Database } from '@app/database';
import { isFinished, Jobs, type JobResultPart, type JobView } from '@app/jobs';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import type { Acting } from '../admin/acting.js';
import type { JobResultPage } from './jobs.dto.js';
import { CSV, JSONL, type ResultFormat } from './result-formats.js';
import type { ResultsQuery } from './results-query.js';

/** As much as is read ahead of a slow client, in bytes; a stored part is never divided. */
const READ_AHEAD_BYTES = 65_536;

/**
 * Gives a tenant the results of its jobs. They are stored patient data: every
 * reading is recorded, with the reason if one is given, before anything is read.
 */
@Injectable()
export class JobResultsService {
  constructor(
    private readonly jobs: Jobs,
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /** @throws DomainError NOT_FOUND, also when the results have been removed */
  async read(
    id: string,
    query: ResultsQuery,
    context: RequestContext,
    acting: Acting,
    response: EdgeResponse,
  ): Promise<JobResultPage | StreamableFile> {
    const job = await this.jobs.get(context.tenantId, id);
    const parts = await this.begun(job, query, acting);
    response.setHeader('X-Job-Status', job.status);
    response.setHeader('X-Results-Complete', String(job.status === 'completed'));
    response.setHeader('Cache-Control', 'private, no-store');
    if (query.format === 'json') return this.page(job, query, parts);
    return streamed(parts, query, `job-${id}`, response);
  }

  /** Everything, of a finished job with few items. */
  async all(job: JobView, acting: Acting): Promise<unknown[]> {
    const query = { fromItem: 0, limit: null };
    const results: unknown[] = [];
    for await (const { lines } of await this.begun(job, query, acting)) {
      for (const line of lines) results.push(JSON.parse(line));
    }
    return results;
  }

  /** Reads as far as the first part, so that what cannot be read is told by the status. */
  private async begun(
    job: JobView,
    { fromItem, limit }: Pick<ResultsQuery, 'fromItem' | 'limit'>,
    acting: Acting,
  ): Promise<AsyncIterable<JobResultPart>> {
    await this.recordReading(job, acting);
    const stored = this.jobs.results(job.tenantId, job.jobId, { fromItem });
    const parts = limited(isFinished(job.status) ? stored : unbroken(stored, fromItem), limit);
    const first = await parts.next();
    return (async function* () {
      if (first.done !== true) yield first.value;
      yield* parts;
    })();
  }

  private async page(
    job: JobView,
    { fromItem }: ResultsQuery,
    parts: AsyncIterable<JobResultPart>,
  ): Promise<JobResultPage> {
    const data: unknown[] = [];
    let next = fromItem;
    for await (const { firstItem, lines } of parts) {
      for (const line of lines) data.push(JSON.parse(line));
      next = firstItem + lines.length;
    }
    const { total } = job.progress;
    const over = next >= total || (data.length === 0 && isFinished(job.status));
    return {
      job_id: job.jobId,
      status: job.status,
      complete: job.status === 'completed',
      data,
      next_cursor: over ? null : String(next),
      total,
    };
  }

  private recordReading(job: JobView, acting: Acting): Promise<void> {
    return this.database.transaction((tx) =>
      this.audit.record(tx, {
        ...acting,
        action: 'job.read_results',
        object: { kind: 'job', id: job.jobId },
        result: 'success',
        status: 200,
      }),
    );
  }
}

/**
 * As far as there is a result for every item: while a job runs, later parts
 * may be there before earlier ones, and who goes on later must miss none.
 */
async function* unbroken(
  parts: AsyncIterable<JobResultPart>,
  fromItem: number,
): AsyncGenerator<JobResultPart> {
  let expected = fromItem;
  for await (const part of parts) {
    if (part.firstItem !== expected) return;
    expected += part.lines.length;
    yield part;
  }
}

async function* limited(
  parts: AsyncIterable<JobResultPart>,
  limit: number | null,
): AsyncGenerator<JobResultPart> {
  let left = limit ?? Infinity;
  for await (const { firstItem, lines } of parts) {
    yield { firstItem, lines: lines.slice(0, left) };
    left -= lines.length;
    if (left <= 0) return;
  }
}

function streamed(
  parts: AsyncIterable<JobResultPart>,
  { format, fromItem, gzip }: ResultsQuery,
  name: string,
  response: EdgeResponse,
): StreamableFile {
  const written = format === 'csv' ? CSV : JSONL;
  const text = Readable.from(write(parts, written, fromItem === 0), {
    objectMode: false,
    highWaterMark: READ_AHEAD_BYTES,
  });
  response.setHeader('Vary', 'Accept-Encoding');
  if (gzip) response.setHeader('Content-Encoding', 'gzip');
  // A failure of either ends both; who reads the outcome of the last sees it.
  const body = gzip ? pipeline(text, createGzip(), () => undefined) : text;
  return new StreamableFile(body, {
    type: written.type,
    disposition: `attachment; filename="${name}.${format}"`,
  });
}

async function* write(
  parts: AsyncIterable<JobResultPart>,
  format: ResultFormat,
  withHeading: boolean,
): AsyncGenerator<string> {
  if (withHeading && format.heading !== '') yield format.heading;
  for await (const { lines } of parts) yield format.write(lines);
}
