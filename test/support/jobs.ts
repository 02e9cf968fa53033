import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditLog } from '@app/audit';
import { DomainError, newId, type RequestContext } from '@app/common';
import { SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import type { FieldCipher } from '@app/encryption';
import type { EachAnswer, InferenceRequest } from '@app/inference';
import {
  Jobs,
  type InputFiles,
  type JobsOptions,
  type JobSubmission,
  type RawInputJson,
} from '@app/jobs';
import type { Queues } from '@app/queues';
import { Signals } from '@app/signals';
import pg from 'pg';
import { JobRunner } from '../../apps/worker/src/job-runner.js';
import { hashPatient } from './audit.js';

/** Stands in for encryption, which has its own tests: unreadable at a glance, and bound to its place. */
export const TEST_CIPHER: FieldCipher = {
  encrypt: (place, plain) => `${boundTo(place)}:${Buffer.from(plain).toString('base64')}`,
  decrypt: (place, envelope) => {
    const [of, sealed = ''] = envelope.split(':');
    if (of !== boundTo(place)) throw new Error('moved');
    return Buffer.from(sealed, 'base64').toString();
  },
  keyedHash: (purpose, value) => Buffer.from(`${purpose} ${value}`),
};

function boundTo({ table, column, row }: Parameters<FieldCipher['encrypt']>[0]): string {
  return `${table}.${column}.${row}`;
}

const NO_FILES: InputFiles = {
  find: () => Promise.resolve(null),
  planSlices: () => [],
  readRows: () => {
    throw new Error('there are no files');
  },
  hold: () => Promise.resolve(false),
  removeRow: () => Promise.resolve(false),
  removeBytes: () => Promise.resolve(),
};

/** Jobs as one process has them, on a database that others may share. */
export class JobsInstance {
  private constructor(
    readonly jobs: Jobs,
    private readonly release: (() => Promise<void> | void)[],
  ) {}

  static async open(
    { database }: Pick<FreshDatabase, 'database'>,
    queues: Queues,
    options: Partial<JobsOptions> = {},
  ): Promise<JobsInstance> {
    const folder = mkdtempSync(path.join(tmpdir(), 'clinserve-jobs-'));
    const signals = new Signals({
      db: database.db,
      connect: async () => {
        const client = new pg.Client({ ...database.connection });
        client.on('error', () => undefined);
        await client.connect();
        return client;
      },
      onError: () => undefined,
    });
    const audit = new AuditLog({
      db: database.db,
      key: randomBytes(32),
      hashPatient,
      checkpointFolder: folder,
      log: SILENT_LOG,
    });
    const jobs = new Jobs({
      database,
      cipher: TEST_CIPHER,
      signals,
      audit,
      queues,
      files: NO_FILES,
      weightOf: () => 1,
      log: SILENT_LOG,
      ...options,
      settings: { heartbeatMs: 100, staleMs: 1_000, ...options.settings },
    });
    await signals.open();
    return new JobsInstance(jobs, [
      () => jobs.close(),
      () => signals.close(),
      () => rmSync(folder, { recursive: true, force: true }),
    ]);
  }

  /** Starts to work on slices of model versions, `submission`'s by default. @returns what ends it */
  async work(
    queues: Queues,
    inference: TestInference,
    models: readonly string[] = ['assertion@1.0.0'],
  ): Promise<() => Promise<void>> {
    const slots = 2;
    const presence = this.jobs.presence(slots, models);
    await presence.open();
    const runner = new JobRunner(this.jobs.slices, inference, presence.workerId);
    const worker = queues.work('job-slices', (id, signal) => runner.run(id, signal), {
      concurrency: slots,
    });
    const stop = async () => {
      await worker.close(0);
      await presence.close();
    };
    this.release.unshift(stop);
    return stop;
  }

  async close(): Promise<void> {
    for (const step of this.release) await step();
  }
}

/** Answers every text with a label made of it, and does with some what a test wants. */
export class TestInference {
  /** Texts in the order they were predicted. */
  readonly texts: string[] = [];

  constructor(
    private readonly options: {
      /** Of a group, ms. */
      readonly delayMs?: number;
      readonly before?: (request: InferenceRequest) => Promise<void> | void;
    } = {},
  ) {}

  async predictEach(request: InferenceRequest, context: RequestContext): Promise<EachAnswer> {
    await this.options.before?.(request);
    const ended = new AbortController();
    context.signal.addEventListener('abort', () => ended.abort(), { once: true });
    const { delayMs = 0 } = this.options;
    await sleep(delayMs, undefined, ended).catch(() => undefined);
    if (context.signal.aborted) throw new DomainError('CLIENT_CLOSED_REQUEST', 'gone');
    const items = request.inputs.map(({ text }) => {
      this.texts.push(text);
      if (text === 'bad') return new DomainError('VALIDATION_ERROR', 'This text is bad.');
      return {
        predictionId: newId(),
        prediction: { label: `label of ${text}`, score: 1, probabilities: {}, warnings: [] },
      };
    });
    return { model: {}, items } as unknown as EachAnswer;
  }
}

export function submission(
  inputs: readonly RawInputJson[],
  changes: Partial<JobSubmission> & { readonly tenantId?: string } = {},
): JobSubmission {
  const { tenantId = 'north', ...rest } = changes;
  return {
    context: {
      tenantId,
      principalId: 'ada',
      tier: 'pro',
      permissions: new Set(),
      requestId: 'req-a-b',
      priority: 'bulk',
      deadline: Infinity,
      signal: new AbortController().signal,
    },
    model: { name: 'assertion', version: '1.0.0' },
    options: {},
    inputs,
    callbackEvents: [],
    // Slices of 50 items.
    itemsPerSecond: 10,
    audit: ACTOR,
    ...rest,
  };
}

export const ACTOR = { actor: { kind: 'user', id: 'ada' } } as const;

export function texts(count: number, prefix = 'text'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix} ${i}`);
}

/** All results of a job that are there, in order. */
export async function resultsOf(jobs: Jobs, id: string, fromItem = 0): Promise<ResultLine[]> {
  const lines: ResultLine[] = [];
  for await (const part of jobs.results(null, id, { fromItem })) {
    lines.push(...part.lines.map((line) => JSON.parse(line) as ResultLine));
  }
  return lines;
}

export interface ResultLine {
  readonly index: number;
  readonly prediction?: { readonly label: string };
  readonly error?: { readonly code: string; readonly message: string };
}
