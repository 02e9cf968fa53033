import { setImmediate as nextTurn } from 'node:timers/promises';
import { DomainError, invalidField, newId } from '@app/common';
import type { Queryable, Transaction } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { EnvelopeColumn } from '../envelopes.js';
import type { JobEvents } from '../events/job-events.js';
import type { JobRow } from '../job.js';
import { auditOf } from '../job-endings.js';
import type { JobSubmission, SubmitResult } from '../job-submission.js';
import type { JobsParts } from '../jobs-parts.js';
import type { jobs, jobSlices } from '../jobs.schema.js';
import { metadataColumn, type JobReader } from '../reading/job-reader.js';
import { sliceItems } from './slice-size.js';
import {
  submissionsRepository as repository,
  type IdempotencyRow,
} from './submissions.repository.js';

const HOUR_MS = 3_600_000;
/** How long an `Idempotency-Key` is remembered. */
const KEY_MS = 24 * HOUR_MS;
const RETRY_SECONDS = 30;

type Idempotency = NonNullable<JobSubmission['idempotency']>;
type KeyHashes = Pick<IdempotencyRow, 'keyHash' | 'bodyHash'>;
type NewJob = typeof jobs.$inferInsert;
type NewSlice = typeof jobSlices.$inferInsert;

/** Takes jobs in: all of a job or nothing of it is there. */
export class Submissions {
  private readonly callbackUrl: EnvelopeColumn;
  private readonly notifyEmail: EnvelopeColumn;
  private readonly metadata: EnvelopeColumn;
  private readonly inputs: EnvelopeColumn;

  constructor(
    private readonly parts: JobsParts,
    private readonly events: JobEvents,
    private readonly reader: JobReader,
  ) {
    const { cipher } = parts;
    this.callbackUrl = new EnvelopeColumn(cipher, 'jobs', 'callback_url');
    this.notifyEmail = new EnvelopeColumn(cipher, 'jobs', 'notify_email');
    this.metadata = metadataColumn(cipher);
    this.inputs = sliceInputs(cipher);
  }

  async accept(submission: JobSubmission): Promise<SubmitResult> {
    const job = this.jobRow(submission);
    if (job.total === 0) {
      throw invalidField('inputs', 'empty', 'A job needs at least one input; this one has none.');
    }
    const slices = await this.sliceRows(job.id, submission);
    let charged = false;
    const outcome = await this.parts.database.transaction(async (tx) => {
      const earlier = await this.claimKey(tx, job.id, submission);
      if (earlier !== null) return { jobId: earlier, replayed: true };
      await this.assertRoom(tx, job.tenantId);
      await this.holdFile(tx, submission);
      // What stands outside the transaction is done once, however often this is run.
      if (!charged) await submission.charge?.();
      charged = true;
      const row = await repository.insert(tx, job, slices);
      if (row !== null) await this.events.record(tx, row, 'queued');
      await this.parts.audit.record(tx, auditOf(job, 'job.submit', submission.audit));
      return { jobId: job.id, replayed: false };
    });
    return this.answer(job.tenantId, outcome.jobId, outcome.replayed);
  }

  /**
   * The answer to an earlier submission under the same key; null when there was none.
   * @throws DomainError IDEMPOTENCY_KEY_REUSED for another body
   */
  async earlier(tenantId: string, idempotency: Idempotency): Promise<SubmitResult | null> {
    const { database, now } = this.parts;
    const jobId = await findEarlier(database.db, tenantId, this.hashesOf(idempotency), now());
    return jobId === null ? null : this.answer(tenantId, jobId, true);
  }

  private async answer(tenantId: string, jobId: string, replayed: boolean): Promise<SubmitResult> {
    const job = await this.reader.find(tenantId, jobId);
    if (job === null) throw new DomainError('NOT_FOUND', 'There is no such job any more.');
    return { job, replayed };
  }

  /** @returns the job that was accepted under the same key and body before; null when this is the first */
  private async claimKey(
    tx: Transaction,
    jobId: string,
    { context: { tenantId }, idempotency }: JobSubmission,
  ): Promise<string | null> {
    if (idempotency === undefined) return null;
    const hashes = this.hashesOf(idempotency);
    if (!(await repository.lockKey(tx, tenantId, hashes.keyHash))) {
      throw new DomainError(
        'IDEMPOTENCY_KEY_IN_USE',
        'A request with this Idempotency-Key is being accepted; repeat it shortly for its answer.',
        { retryAfterSeconds: 1 },
      );
    }
    const now = this.parts.now();
    const earlier = await findEarlier(tx, tenantId, hashes, now);
    if (earlier !== null) return earlier;
    const expiresAt = new Date(now.getTime() + KEY_MS);
    await repository.saveKey(tx, { tenantId, ...hashes, jobId, expiresAt });
    return null;
  }

  private hashesOf({ key, body }: Idempotency): KeyHashes {
    const { cipher } = this.parts;
    return {
      keyHash: cipher.keyedHash('job idempotency key', key),
      bodyHash: cipher.keyedHash('job idempotency body', body),
    };
  }

  /** @throws DomainError QUOTA_EXCEEDED when too many of a tenant's jobs wait; counted until the transaction ends */
  async assertRoom(tx: Transaction, tenantId: string): Promise<void> {
    await repository.lockTenant(tx, tenantId);
    const most = this.parts.settings.queuedPerTenant;
    if ((await repository.countPending(tx, tenantId)) < most) return;
    throw new DomainError(
      'QUOTA_EXCEEDED',
      `${most} jobs wait to be started already, which is the limit; send this one when one of them has started.`,
      { retryAfterSeconds: RETRY_SECONDS },
    );
  }

  /** Until the job is there, which keeps the file from then on. @throws DomainError VALIDATION_ERROR when it is gone */
  private async holdFile(tx: Transaction, { file }: JobSubmission): Promise<void> {
    if (file === undefined || (await this.parts.files.hold(tx, file.id))) return;
    throw invalidField(
      'input_file_id',
      'unknown',
      'The file that input_file_id names was removed meanwhile; upload it again.',
    );
  }

  private jobRow(submission: JobSubmission): NewJob & Pick<JobRow, 'id' | 'tenantId'> {
    const { context, model, file, inputs, metadata } = submission;
    const id = newId();
    const createdAt = this.parts.now();
    return {
      id,
      tenantId: context.tenantId,
      principalId: context.principalId,
      tier: context.tier,
      requestId: context.requestId,
      status: 'pending',
      model: model.name,
      modelVersion: model.version,
      options: submission.options,
      inputFileId: file?.id ?? null,
      total: file?.rows ?? inputs?.length ?? 0,
      callbackUrl: this.callbackUrl.sealIfAny(id, submission.callbackUrl),
      callbackEvents: [...submission.callbackEvents],
      notifyEmail: this.notifyEmail.sealIfAny(id, submission.notifyEmail),
      metadata: this.metadata.sealIfAny(id, metadata && JSON.stringify(metadata)),
      createdAt,
      deadlineAt: new Date(createdAt.getTime() + this.parts.settings.deadlineHours * HOUR_MS),
    };
  }

  private async sliceRows(jobId: string, submission: JobSubmission): Promise<NewSlice[]> {
    const { model, file, inputs = [], itemsPerSecond } = submission;
    const { database, settings } = this.parts;
    const rate =
      (await repository.measuredRate(database.db, model.name, model.version)) ??
      itemsPerSecond ??
      settings.assumedItemsPerSecond;
    const items = sliceItems(rate, await repository.slots(database.db, settings.staleMs));
    const common = { jobId, state: 'waiting' };
    if (file !== undefined) {
      const plans = this.parts.files.planSlices(file, items);
      return plans.map((plan) => ({ ...common, ...plan, id: newId() }));
    }
    const slices: NewSlice[] = [];
    for (let firstItem = 0; firstItem < inputs.length; firstItem += items) {
      // Sealing thousands of texts takes a while: others get their turn in between.
      await nextTurn();
      const part = inputs.slice(firstItem, firstItem + items);
      const id = newId();
      const sealed = this.inputs.seal(id, JSON.stringify(part));
      slices.push({ ...common, id, firstItem, items: part.length, inputs: sealed });
    }
    return slices;
  }
}

/** @returns the job that was accepted under the same key and body; null when none was under the key */
async function findEarlier(
  db: Queryable,
  tenantId: string,
  { keyHash, bodyHash }: KeyHashes,
  now: Date,
): Promise<string | null> {
  const earlier = await repository.findKey(db, tenantId, keyHash, now);
  if (earlier?.jobId == null) return null;
  if (earlier.bodyHash.equals(bodyHash)) return earlier.jobId;
  throw new DomainError(
    'IDEMPOTENCY_KEY_REUSED',
    'This Idempotency-Key was used with another body within the last 24 hours; use a new one.',
  );
}

export function sliceInputs(cipher: FieldCipher): EnvelopeColumn {
  return new EnvelopeColumn(cipher, 'job_slices', 'inputs');
}
