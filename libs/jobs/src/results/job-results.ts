import { DomainError } from '@app/common';
import { and, asc, desc, eq, gte, lte } from 'drizzle-orm';
import { EnvelopeColumn } from '../envelopes.js';
import type { JobRow } from '../job.js';
import { findJob } from '../jobs.repository.js';
import type { JobsParts } from '../jobs-parts.js';
import { jobResults } from '../jobs.schema.js';

/** Neighbouring results of a job. */
export interface JobResultPart {
  /** 0-based item that the first line belongs to. */
  readonly firstItem: number;
  /** One JSON object an item, without line breaks. */
  readonly lines: readonly string[];
}

/** Stored results, a slice in memory at a time. */
export class JobResults {
  private readonly lines: EnvelopeColumn;

  constructor(private readonly parts: JobsParts) {
    this.lines = resultLines(parts);
  }

  async *read(
    tenantId: string | null,
    id: string,
    fromItem: number,
  ): AsyncGenerator<JobResultPart> {
    const { db } = this.parts.database;
    const { total } = await this.unpurged(tenantId, id);
    for (let next = await this.startOf(id, fromItem); ;) {
      const [row] = await db
        .select()
        .from(jobResults)
        .where(and(eq(jobResults.jobId, id), gte(jobResults.firstItem, next)))
        .orderBy(asc(jobResults.firstItem))
        .limit(1);
      if (row === undefined) {
        // Removed in the midst of reading, they must not end as if they were all.
        if (next < total) await this.unpurged(tenantId, id);
        return;
      }
      next = row.firstItem + row.items;
      if (next <= fromItem) continue;
      const lines = this.lines.open(row.id, row.lines).split('\n');
      const skipped = Math.max(0, fromItem - row.firstItem);
      yield { firstItem: row.firstItem + skipped, lines: lines.slice(skipped) };
    }
  }

  private async unpurged(tenantId: string | null, id: string): Promise<JobRow> {
    const job = await findJob(this.parts.database.db, tenantId, id);
    if (job === null) throw new DomainError('NOT_FOUND', 'There is no such job.');
    if (job.purgedAt === null) return job;
    throw new DomainError('NOT_FOUND', 'The results of this job have been removed.');
  }

  /** Where the part begins that an item is in. */
  private async startOf(id: string, item: number): Promise<number> {
    const [row] = await this.parts.database.db
      .select({ firstItem: jobResults.firstItem })
      .from(jobResults)
      .where(and(eq(jobResults.jobId, id), lte(jobResults.firstItem, item)))
      .orderBy(desc(jobResults.firstItem))
      .limit(1);
    return row?.firstItem ?? item;
  }
}

export function resultLines({ cipher }: Pick<JobsParts, 'cipher'>): EnvelopeColumn {
  return new EnvelopeColumn(cipher, 'job_results', 'lines');
}
