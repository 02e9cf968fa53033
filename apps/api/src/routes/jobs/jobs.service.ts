import { Inject, Injectable } from '@nestjs/common';
import { invalidField, type RequestContext } from '@app/common';
import {
  isFinished,
  Jobs,
  type JobProgress,
  type JobStatus,
  type JobView,
  type SubmitResult,
} from '@app/jobs';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import { toCursor, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from '../admin/acting.js';
import type { PredictionReply } from '../predictions/prediction-reply.js';
import { canonicalJson } from './canonical-json.js';
import { JobIntake } from './job-intake.js';
import type { JobLinks } from './job-links.js';
import { assertMetadata } from './job-metadata.js';
import { JobResultsService } from './job-results.service.js';
import { JOB_CALLBACKS, type JobCallbacks } from './job-routes-options.js';
import type {
  AsyncPredictionRequest,
  JobAccepted,
  JobList,
  JobProgressResponse,
  JobRequest,
  JobResponse,
  JobSummary,
} from './jobs.dto.js';

/** Results of so many items are told with the job. */
const MOST_INLINE_RESULTS = 100;

/** What a route knows of its request beyond the body. */
export interface JobCall {
  readonly context: RequestContext;
  readonly acting: Acting;
  readonly links: JobLinks;
}

/** What a submitting route knows more. */
export interface SubmitCall extends JobCall {
  readonly reply: PredictionReply;
  readonly response: EdgeResponse;
  readonly idempotencyKey: string | undefined;
}

/** Between the job routes' field names and the library. */
@Injectable()
export class JobsService {
  constructor(
    private readonly jobs: Jobs,
    private readonly intake: JobIntake,
    private readonly results: JobResultsService,
    @Inject(JOB_CALLBACKS) private readonly callbacks: JobCallbacks,
  ) {}

  async submit(body: JobRequest, call: SubmitCall): Promise<JobAccepted> {
    // Before the body is made one text, which metadata of any depth would not survive.
    assertMetadata(body.metadata);
    const version = call.reply.requestedVersion(body.model_version);
    const result = await this.intake.submit(
      {
        model: { name: body.model, version },
        options: body.options ?? {},
        inputsField: 'inputs',
        inputs: body.inputs,
        fileId: body.input_file_id,
        callbackUrl: body.callback_url,
        callbackEvents: body.callback_events,
        email: body.notify_email === undefined ? undefined : ['notify_email', body.notify_email],
        metadata: body.metadata,
        idempotency: idempotencyOf('/jobs', version, body, call),
      },
      call.context,
      call.acting,
      call.reply,
    );
    return accepted(result, call);
  }

  async submitAsync(body: AsyncPredictionRequest, call: SubmitCall): Promise<JobAccepted> {
    const {
      text,
      texts,
      sentences,
      email,
      notify_on_complete: notify = email !== undefined,
    } = body;
    const version = call.reply.requestedVersion(body.model_version);
    const given = [text, texts, sentences].filter((value) => value !== undefined);
    if (given.length !== 1) {
      const code = given.length === 0 ? 'required' : 'ambiguous';
      throw invalidField('text', code, 'Send exactly one of "text", "texts" and "sentences".');
    }
    if (notify && email === undefined && body.callback_url === undefined) {
      throw invalidField(
        'email',
        'required',
        'notify_on_complete needs to know whom to tell: send "email" or "callback_url".',
      );
    }
    const result = await this.intake.submit(
      {
        model: { task: 'assertion', version },
        options: body,
        inputsField: text !== undefined ? 'text' : texts !== undefined ? 'texts' : 'sentences',
        inputs: text !== undefined ? [text] : (texts ?? sentences),
        inputAt: text !== undefined ? () => 'text' : undefined,
        callbackUrl: body.callback_url,
        email: notify && email !== undefined ? ['email', email] : undefined,
        idempotency: idempotencyOf('/predict/async', version, body, call),
      },
      call.context,
      call.acting,
      call.reply,
    );
    return accepted(result, call);
  }

  async list(status: JobStatus | undefined, page: PageRequest, call: JobCall): Promise<JobList> {
    const { jobs, nextCursor, total } = await this.jobs.list(call.context.tenantId, {
      status,
      cursor: page.after ?? undefined,
      limit: page.limit,
    });
    return {
      data: jobs.map((job) => toSummary(job, call.links)),
      next_cursor: toCursor(nextCursor),
      total,
    };
  }

  /** @throws DomainError NOT_FOUND */
  async get(id: string, call: JobCall): Promise<JobResponse> {
    return this.toResponse(await this.jobs.get(call.context.tenantId, id), call);
  }

  /** @throws DomainError NOT_FOUND, JOB_ALREADY_FINISHED */
  async cancel(id: string, call: JobCall): Promise<JobResponse> {
    const job = await this.jobs.cancel(call.context.tenantId, id, call.acting);
    return this.toResponse(job, call);
  }

  /** @throws DomainError NOT_FOUND, CONFLICT when it has not failed, QUOTA_EXCEEDED */
  async retry(id: string, call: JobCall): Promise<JobResponse> {
    const job = await this.jobs.retry(call.context.tenantId, id, call.acting);
    return this.toResponse(job, call);
  }

  /** @throws DomainError NOT_FOUND, CONFLICT while it is not finished */
  async purge(id: string, call: JobCall): Promise<JobResponse> {
    const { tenantId } = call.context;
    await this.jobs.purge(tenantId, id, call.acting);
    return this.toResponse(await this.jobs.get(tenantId, id), call);
  }

  private async toResponse(job: JobView, call: JobCall): Promise<JobResponse> {
    const webhook = await this.callbacks.lastWebhook(job.tenantId, job.jobId);
    const response: JobResponse = Object.assign(toSummary(job, call.links), { webhook });
    const { total } = job.progress;
    if (isFinished(job.status) && job.purgedAt === null && total <= MOST_INLINE_RESULTS) {
      response.result = await this.results.all(job, call.acting);
    }
    return response;
  }
}

function accepted({ job, replayed }: SubmitResult, call: SubmitCall): JobAccepted {
  const url = call.links.status(job.jobId);
  call.response.setHeader('Location', url);
  if (replayed) call.response.setHeader('Idempotency-Replayed', 'true');
  return {
    job_id: job.jobId,
    task_id: job.jobId,
    // As it was answered the first time: what has become of it is told at the URL.
    status: 'pending',
    created_at: job.createdAt.toISOString(),
    status_url: url,
    total: job.progress.total,
  };
}

function idempotencyOf(
  route: string,
  version: string | undefined,
  body: object,
  { idempotencyKey: key }: SubmitCall,
): { key: string; body: string } | undefined {
  if (key === undefined) return undefined;
  return { key, body: canonicalJson([route, version ?? null, body]) };
}

function toSummary(job: JobView, links: JobLinks): JobSummary {
  return {
    job_id: job.jobId,
    status: job.status,
    progress: toProgress(job.progress),
    ...(job.queuePosition !== null && { queue_position: job.queuePosition }),
    model: job.model,
    model_version: job.modelVersion,
    input_file_id: job.inputFileId,
    created_at: job.createdAt.toISOString(),
    started_at: job.startedAt?.toISOString() ?? null,
    completed_at: job.completedAt?.toISOString() ?? null,
    deadline_at: job.deadlineAt.toISOString(),
    expires_at: job.expiresAt?.toISOString() ?? null,
    purged_at: job.purgedAt?.toISOString() ?? null,
    attempts: job.attempts,
    error: job.error,
    result_url: links.results(job.jobId),
    metadata: job.metadata,
  };
}

export function toProgress(progress: JobProgress): JobProgressResponse {
  return {
    current: progress.current,
    total: progress.total,
    failed: progress.failed,
    percent: progress.percent,
    items_per_second: progress.itemsPerSecond,
    eta_seconds: progress.etaSeconds,
  };
}
