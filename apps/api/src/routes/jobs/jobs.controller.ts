import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Post,
  type StreamableFile,
} from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiExtraModels,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiProduces,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import type { JobStatus } from '@app/jobs';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context, Request, Response } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { LargeBody } from '../../http/pipes/large-body.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Uuid } from '../../http/pipes/uuid.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import { Reply, type PredictionReply } from '../predictions/prediction-reply.js';
import { ApiIdempotencyKey, IdempotencyKey } from './idempotency-key.js';
import { JobEventsService } from './job-events.service.js';
import { JobLinks } from './job-links.js';
import { JobResultsService } from './job-results.service.js';
import { JOB_ROUTES_OPTIONS, type JobRoutesOptions } from './job-routes-options.js';
import { ApiPurge, ApiStatusFilter, Purge, StatusFilter } from './jobs-query.js';
import {
  AsyncPredictionRequest,
  JobAccepted,
  JobList,
  JobRequest,
  JobResponse,
  JobResultPage,
} from './jobs.dto.js';
import { JobsService, type JobCall } from './jobs.service.js';
import { LastEventId } from './last-event-id.decorator.js';
import { ApiResultsQuery, ResultsWanted, type ResultsQuery } from './results-query.js';

/** For the most inputs that may come with a request, at some hundred characters each. */
const MOST_BODY_BYTES = 8 * 1_048_576;

const SUBMISSION_PROBLEMS = [
  'UNKNOWN_MODEL_VERSION',
  'MODEL_NOT_FOUND',
  'IDEMPOTENCY_KEY_IN_USE',
  'BATCH_TOO_LARGE',
  'ENTITY_NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'QUOTA_EXCEEDED',
  'MODEL_NOT_READY',
] as const;

@ApiTags('jobs')
@ApiExtraModels(JobResultPage)
@Controller()
@RequirePermission('jobs')
export class JobsController {
  constructor(
    private readonly jobs: JobsService,
    private readonly results: JobResultsService,
    private readonly events: JobEventsService,
    @Inject(JOB_ROUTES_OPTIONS) private readonly options: JobRoutesOptions,
  ) {}

  @Post('jobs')
  @HttpCode(202)
  @LargeBody(MOST_BODY_BYTES)
  @ApiOperation({ summary: 'Submits many inputs of one model, with the request or as a file' })
  @ApiIdempotencyKey()
  @ApiAcceptedResponse({ type: JobAccepted })
  @ApiProblems(...SUBMISSION_PROBLEMS)
  submit(
    @ValidBody() body: JobRequest,
    @Request() request: EdgeRequest,
    @Response() response: EdgeResponse,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
    @Reply() reply: PredictionReply,
    @IdempotencyKey() idempotencyKey: string | undefined,
  ): Promise<JobAccepted> {
    const call = this.callOf(request, context, acting);
    return this.jobs.submit(body, { ...call, reply, response, idempotencyKey });
  }

  @Post('predict/async')
  @HttpCode(202)
  @LargeBody(MOST_BODY_BYTES)
  @ApiOperation({ summary: 'The same for sentences and the default model' })
  @ApiIdempotencyKey()
  @ApiAcceptedResponse({ type: JobAccepted })
  @ApiProblems(...SUBMISSION_PROBLEMS)
  submitAsync(
    @ValidBody() body: AsyncPredictionRequest,
    @Request() request: EdgeRequest,
    @Response() response: EdgeResponse,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
    @Reply() reply: PredictionReply,
    @IdempotencyKey() idempotencyKey: string | undefined,
  ): Promise<JobAccepted> {
    const call = this.callOf(request, context, acting);
    return this.jobs.submitAsync(body, { ...call, reply, response, idempotencyKey });
  }

  @Get(['jobs', 'tasks'])
  @ApiOperation({ summary: 'The tenant’s jobs, the newest first' })
  @ApiStatusFilter()
  @ApiPage()
  @ApiOkResponse({ type: JobList })
  @ApiProblems('VALIDATION_ERROR')
  list(
    @StatusFilter() status: JobStatus | undefined,
    @Page() page: PageRequest,
    @Request() request: EdgeRequest,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<JobList> {
    return this.jobs.list(status, page, this.callOf(request, context, acting));
  }

  @Get(['jobs/:id', 'tasks/:id'])
  @ApiOperation({ summary: 'How far a job is, and how it ended' })
  @ApiOkResponse({ type: JobResponse })
  @ApiProblems('NOT_FOUND')
  get(
    @Uuid('id') id: string,
    @Request() request: EdgeRequest,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<JobResponse> {
    return this.jobs.get(id, this.callOf(request, context, acting));
  }

  @Delete(['jobs/:id', 'tasks/:id'])
  @ApiOperation({
    summary: 'Cancels a job that waits or runs; what has been computed stays readable',
  })
  @ApiPurge()
  @ApiOkResponse({ type: JobResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT', 'JOB_ALREADY_FINISHED')
  remove(
    @Uuid('id') id: string,
    @Purge() purge: boolean,
    @Request() request: EdgeRequest,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<JobResponse> {
    const call = this.callOf(request, context, acting);
    return purge ? this.jobs.purge(id, call) : this.jobs.cancel(id, call);
  }

  @Post(['jobs/:id/retry', 'tasks/:id/retry'])
  @HttpCode(202)
  @ApiOperation({
    summary: 'Takes a failed job up again where it stopped',
    description:
      'Results that are there stay; what has none waits for its turn, with a new deadline.',
  })
  @ApiAcceptedResponse({ type: JobResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT', 'QUOTA_EXCEEDED')
  retry(
    @Uuid('id') id: string,
    @Request() request: EdgeRequest,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<JobResponse> {
    return this.jobs.retry(id, this.callOf(request, context, acting));
  }

  @Get('jobs/:id/results')
  @ApiOperation({
    summary: 'Results in the order of the input',
    description:
      'Of a job that runs, as far as every item has one. `X-Results-Complete` tells whether the job is completed. ' +
      'Readings are recorded in the audit log, with X-Access-Reason if it is sent.',
  })
  @ApiResultsQuery()
  @ApiHeader({ name: 'X-Access-Reason', required: false, description: 'Why they are read.' })
  @ApiOkResponse({
    content: {
      'application/json': { schema: { $ref: getSchemaPath(JobResultPage) } },
      'application/x-ndjson': { schema: { type: 'string' } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiProblems('NOT_FOUND', 'VALIDATION_ERROR')
  readResults(
    @Uuid('id') id: string,
    @ResultsWanted() query: ResultsQuery,
    @Response() response: EdgeResponse,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<JobResultPage | StreamableFile> {
    return this.results.read(id, query, context, acting, response);
  }

  @Get(['jobs/:id/events', 'jobs/:id/stream'])
  @ApiOperation({
    summary: 'What happens to a job, as it happens',
    description:
      'Server-sent events `queued`, `progress`, `completed`, `failed`, `cancelled`; a comment every 15 s while there is none. ' +
      'While the job is pending, `queued` comes again, without an id, when its `queue_position` has changed. ' +
      'Ends after the job’s last event. `Last-Event-ID` resumes.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false, schema: { type: 'string' } })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ content: { 'text/event-stream': { schema: { type: 'string' } } } })
  @ApiProblems('NOT_FOUND')
  follow(
    @Uuid('id') id: string,
    @LastEventId() lastEventId: string | undefined,
    @Request() request: EdgeRequest,
    @Response() response: EdgeResponse,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<StreamableFile> {
    const call = this.callOf(request, context, acting);
    return this.events.follow(id, lastEventId, call, response);
  }

  private callOf(request: EdgeRequest, context: RequestContext, acting: Acting): JobCall {
    return { context, acting, links: new JobLinks(this.options.publicUrl, request) };
  }
}
