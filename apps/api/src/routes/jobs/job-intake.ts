import { Inject, Injectable } from '@nestjs/common';
import { DomainError, invalidField, type RequestContext } from '@app/common';
import {
  mapInTurns,
  ModelPool,
  Scheduler,
  taskFor,
  type PredictOptions,
  type RawInput,
  type ServedModel,
} from '@app/inference';
import {
  FileDamagedError,
  FileMissingError,
  JobFiles,
  Jobs,
  type FileRow,
  type JobSubmission,
  type SubmitResult,
} from '@app/jobs';
import { ModelRegistry, type ModelSelector } from '@app/model-registry';
import type { Acting } from '../admin/acting.js';
import type { PredictionOptions } from '../predictions/predict.dto.js';
import type { PredictionReply } from '../predictions/prediction-reply.js';
import { callersName, toRawInput, type InputFields } from '../predictions/raw-inputs.js';
import { JOB_CALLBACKS, JOB_ROUTES_OPTIONS } from './job-routes-options.js';
import type { JobCallbacks, JobRoutesOptions } from './job-routes-options.js';

/** A job as a request asks for it, whichever route it came by. */
export interface JobWish {
  readonly model: ModelSelector;
  readonly options: PredictionOptions;
  /** What the request calls the list of inputs: `inputs`, `sentences`. */
  readonly inputsField: string;
  readonly inputs?: readonly (string | InputFields)[];
  /** What it calls one of them; `inputs[3]` by default. */
  readonly inputAt?: (index: number) => string;
  readonly fileId?: string;
  readonly callbackUrl?: string;
  readonly callbackEvents?: JobSubmission['callbackEvents'];
  /** The request's field and its value. */
  readonly email?: readonly [field: string, address: string];
  readonly metadata?: Record<string, unknown>;
  readonly idempotency?: JobSubmission['idempotency'];
}

const DEFAULT_EVENTS = ['job.completed', 'job.failed', 'job.cancelled'] as const;
/** Rows of a file that are looked at before a job is accepted. */
const ROWS_TRIED = 20;

/** Checks what a job is to do, as far as that is possible beforehand, and submits it. */
@Injectable()
export class JobIntake {
  constructor(
    private readonly jobs: Jobs,
    private readonly files: JobFiles,
    private readonly registry: ModelRegistry,
    private readonly pool: ModelPool,
    private readonly scheduler: Scheduler,
    @Inject(JOB_CALLBACKS) private readonly callbacks: JobCallbacks,
    @Inject(JOB_ROUTES_OPTIONS) private readonly options: JobRoutesOptions,
  ) {}

  /**
   * @throws DomainError for an unknown model, a wrong input, too many of them, a URL that may not
   * be called, an address that gets no mail, and what Jobs.submit throws
   */
  async submit(
    wish: JobWish,
    context: RequestContext,
    acting: Acting,
    reply: PredictionReply,
  ): Promise<SubmitResult> {
    // Before the checks: since it was accepted, its file may be gone or its callback's host not be found.
    const earlier =
      wish.idempotency && (await this.jobs.earlier(context.tenantId, wish.idempotency));
    if (earlier) return earlier;
    const manifest = this.registry.resolve(wish.model);
    const model = this.pool.get(manifest);
    if (wish.email !== undefined) this.callbacks.assertMail(...wish.email);
    if (wish.callbackUrl !== undefined) {
      await this.callbacks.assertUrl('callback_url', wish.callbackUrl);
    }
    const { name, version } = manifest;
    const options = toJobOptions(wish.options);
    const source = await this.source(wish, options, model, context);
    const total = source.file?.rows ?? source.inputs?.length ?? 0;
    return this.jobs.submit({
      context,
      model: { name, version },
      options,
      ...source,
      callbackUrl: wish.callbackUrl,
      callbackEvents: wish.callbackEvents ?? [...DEFAULT_EVENTS],
      notifyEmail: wish.email?.[1],
      metadata: wish.metadata,
      idempotency: wish.idempotency,
      itemsPerSecond: this.scheduler.itemsPerSecond(model.scheduled.key),
      charge: () => reply.chargeItems(total),
      audit: acting,
    });
  }

  private async source(
    wish: JobWish,
    options: PredictOptions,
    model: ServedModel,
    { tenantId }: RequestContext,
  ): Promise<{ readonly inputs?: RawInput[]; readonly file?: FileRow }> {
    const { inputs, fileId, inputsField } = wish;
    if ((inputs === undefined) === (fileId === undefined)) {
      const code = inputs === undefined ? 'required' : 'ambiguous';
      const message = `Send either "${inputsField}" or "input_file_id".`;
      throw invalidField(inputsField, code, message);
    }
    if (inputs !== undefined) {
      this.assertCount(inputs.length, inputsField);
      const inputAt = wish.inputAt ?? ((index) => `${inputsField}[${index}]`);
      return { inputs: await checked(inputs, inputAt, options, model) };
    }
    const file = await this.fileOf(tenantId, fileId ?? '');
    await this.tryRows(file, options, model);
    return { file };
  }

  private assertCount(count: number, field: string): void {
    const most = this.options.maxInlineItems;
    if (count <= most) return;
    const message = `${field} holds ${count} items; at most ${most} may come with a request. Send them as a file to POST /files and name it in input_file_id.`;
    throw new DomainError('BATCH_TOO_LARGE', message, {
      fields: [{ field, code: 'too_many', message }],
    });
  }

  private async fileOf(tenantId: string, id: string): Promise<FileRow> {
    try {
      return await this.files.get(tenantId, id);
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'NOT_FOUND') throw error;
      throw noFile();
    }
  }

  /**
   * A file of whose first rows the model can read none was meant for something
   * else; of single rows that are wrong, each has an error of its own.
   */
  private async tryRows(file: FileRow, options: PredictOptions, model: ServedModel): Promise<void> {
    const task = taskFor(model.manifest.task);
    let refusal: DomainError | undefined;
    let tried = 0;
    for await (const rows of this.rowsOf(file)) {
      for (const row of rows.slice(0, ROWS_TRIED - tried)) {
        const at = `rows[${tried++}]`;
        try {
          inTermsOf(
            (name) => `${at}.${name}`,
            () => task.parse(row, options, model),
          );
          return;
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          refusal ??= error;
        }
      }
      if (tried === ROWS_TRIED) break;
    }
    if (refusal !== undefined) throw refusal;
  }

  /** A stored file that cannot be read is the caller's to send again, and no fault of this request. */
  private async *rowsOf(file: FileRow): ReturnType<JobFiles['readRows']> {
    try {
      yield* this.files.readRows(file, file.rowOffsets[0] ?? 0, file.size);
    } catch (error) {
      if (error instanceof FileMissingError) throw noFile();
      if (!(error instanceof FileDamagedError)) throw error;
      throw invalidField(
        'input_file_id',
        'unknown',
        'The file that input_file_id names is damaged; upload it again.',
      );
    }
  }
}

function noFile(): DomainError {
  return invalidField(
    'input_file_id',
    'unknown',
    'input_file_id names no file. Upload it to POST /files first; files are removed after a time.',
  );
}

/** Every input, by the model's own rules. */
function checked(
  inputs: readonly (string | InputFields)[],
  inputAt: (index: number) => string,
  options: PredictOptions,
  model: ServedModel,
): Promise<RawInput[]> {
  const task = taskFor(model.manifest.task);
  return mapInTurns(inputs, (input, index) => {
    const at = inputAt(index);
    const raw = typeof input === 'string' ? { text: input } : toRawInput(input, at);
    inTermsOf(
      (name) => callersName(input, at, name),
      () => task.parse(raw, options, model),
    );
    return raw;
  });
}

function toJobOptions(options: PredictionOptions): JobSubmission['options'] {
  return {
    truncate: options.truncate,
    offsetUnit: options.offset_unit,
    returnProbabilities: options.return_probabilities,
  };
}

/** Runs a check and puts its errors in the terms of the request. */
function inTermsOf(rename: (field: string) => string, check: () => unknown): void {
  try {
    check();
  } catch (error) {
    throw error instanceof DomainError ? error.withFieldNames(rename) : error;
  }
}
