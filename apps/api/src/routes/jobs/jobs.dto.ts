import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { JOB_STATUSES, JOB_TOPICS, type JobStatus, type JobTopic } from '@app/jobs';
import { ModelInput } from '../models/models.dto.js';
import { PredictionOptions } from '../predictions/predict.dto.js';

const CALLBACK_URL = {
  type: 'string',
  minLength: 1,
  maxLength: 2_048,
  description: 'Told of the job’s events by a signed POST. https to a public address.',
  example: 'https://ehr.example.org/hooks/clinserve',
} as const;

const EMAIL = {
  type: 'string',
  maxLength: 254,
  description: 'Told of the end by mail, without patient data.',
  example: 'ward3@example.org',
} as const;

@ApiExtraModels(ModelInput)
export class JobRequest {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 128, example: 'clinical-assertion' })
  model!: string;

  @ApiPropertyOptional({
    type: 'string',
    minLength: 1,
    maxLength: 64,
    description: 'The latest stable one if left out; settled when the job is accepted.',
  })
  model_version?: string;

  @ApiPropertyOptional({
    type: 'array',
    minItems: 1,
    items: { oneOf: [{ type: 'string' }, { $ref: getSchemaPath(ModelInput) }] },
    description:
      'Texts, or inputs as the model’s predict route takes them; at most JOB_MAX_INLINE_ITEMS (10,000 by default). Either these or input_file_id.',
    example: [
      'The patient denies chest pain.',
      { text: 'Possible pneumonia.', entity: 'pneumonia' },
    ],
  })
  inputs?: (string | ModelInput)[];

  @ApiPropertyOptional({ type: 'string', format: 'uuid', description: 'Of POST /files.' })
  input_file_id?: string;

  @ApiPropertyOptional({ type: PredictionOptions })
  options?: PredictionOptions;

  @ApiPropertyOptional(CALLBACK_URL)
  callback_url?: string;

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', enum: [...JOB_TOPICS] },
    minItems: 1,
    maxItems: JOB_TOPICS.length,
    uniqueItems: true,
    description: 'What callback_url is told of; by default how the job ended.',
  })
  callback_events?: JobTopic[];

  @ApiPropertyOptional(EMAIL)
  notify_email?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    maxProperties: 64,
    description: 'The caller’s own, stored encrypted and given back with the job; at most 8 KiB.',
    example: { study: 'A-17' },
  })
  metadata?: Record<string, unknown>;
}

export class AsyncPredictionRequest extends PredictionOptions {
  @ApiPropertyOptional({ type: 'string', example: 'The patient denies chest pain.' })
  text?: string;

  @ApiPropertyOptional({ type: 'array', minItems: 1, items: { type: 'string' } })
  texts?: string[];

  @ApiPropertyOptional({
    type: 'array',
    minItems: 1,
    items: { oneOf: [{ type: 'string' }, { $ref: getSchemaPath(ModelInput) }] },
    description: 'As texts; an entity may be given with each. Send one of the three.',
  })
  sentences?: (string | ModelInput)[];

  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 64 })
  model_version?: string;

  @ApiPropertyOptional(CALLBACK_URL)
  callback_url?: string;

  @ApiPropertyOptional(EMAIL)
  email?: string;

  @ApiPropertyOptional({
    type: 'boolean',
    description: 'Whether `email` is told of the end; yes unless false.',
  })
  notify_on_complete?: boolean;
}

export class JobAccepted {
  @ApiProperty({ format: 'uuid' }) job_id!: string;
  @ApiProperty({ format: 'uuid', description: 'The same.' }) task_id!: string;
  @ApiProperty({ enum: ['pending'] }) status!: 'pending';
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ example: '/jobs/0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f' }) status_url!: string;
  @ApiProperty({ type: 'integer', description: 'Items.' }) total!: number;
}

export class JobProgressResponse {
  @ApiProperty({ type: 'integer', description: 'Items computed.' }) current!: number;
  @ApiProperty({ type: 'integer' }) total!: number;

  @ApiProperty({ type: 'integer', description: 'Items that failed by themselves.' })
  failed!: number;

  @ApiProperty({ minimum: 0, maximum: 100 }) percent!: number;

  @ApiProperty({ type: 'number', nullable: true, description: 'Over the last half minute.' })
  items_per_second!: number | null;

  @ApiProperty({ type: 'number', nullable: true }) eta_seconds!: number | null;
}

export class JobErrorResponse {
  @ApiProperty({ example: 'INFERENCE_TIMEOUT' }) code!: string;
  @ApiProperty() message!: string;
}

export class JobWebhookResponse {
  @ApiProperty({ enum: ['pending', 'delivered', 'failed', 'cancelled'] }) status!: string;
  @ApiProperty({ type: 'integer' }) attempts!: number;
  @ApiProperty({ type: 'string', nullable: true }) last_error!: string | null;
}

/** Why the job failed as a whole, or how its last webhook fared: null when there is nothing to say. */
const NULLABLE = (type: { name: string }) => ({
  nullable: true,
  allOf: [{ $ref: `#/components/schemas/${type.name}` }],
});

@ApiExtraModels(JobErrorResponse, JobWebhookResponse)
export class JobSummary {
  @ApiProperty({ format: 'uuid' }) job_id!: string;
  @ApiProperty({ enum: JOB_STATUSES }) status!: JobStatus;
  @ApiProperty() progress!: JobProgressResponse;

  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    description:
      'While pending: the place among all tenants’ pending jobs when tenants take turns, each with its oldest first ' +
      'and with its running ones as turns it has had. An estimate: shares and sizes of jobs count too when they are started.',
  })
  queue_position?: number;

  @ApiProperty() model!: string;
  @ApiProperty() model_version!: string;
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true }) input_file_id!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true }) started_at!: string | null;

  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  completed_at!: string | null;

  @ApiProperty({ format: 'date-time', description: 'Unfinished then, the job fails.' })
  deadline_at!: string;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When input and results are removed; null before the end.',
  })
  expires_at!: string | null;

  @ApiProperty({
    type: 'string',
    format: 'date-time',
    nullable: true,
    description: 'When they were.',
  })
  purged_at!: string | null;

  @ApiProperty({ type: 'integer', description: 'How often its most troubled part was begun.' })
  attempts!: number;

  @ApiProperty(NULLABLE(JobErrorResponse)) error!: JobErrorResponse | null;
  @ApiProperty() result_url!: string;

  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true })
  metadata!: Record<string, unknown> | null;
}

export class JobResponse extends JobSummary {
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'Results of a finished job of at most 100 items, as in result_url.',
  })
  result?: unknown[];

  @ApiProperty(NULLABLE(JobWebhookResponse)) webhook!: JobWebhookResponse | null;
}

export class JobList {
  @ApiProperty({ type: [JobSummary] }) data!: JobSummary[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

export class JobResultPage {
  @ApiProperty({ format: 'uuid' }) job_id!: string;
  @ApiProperty({ enum: JOB_STATUSES }) status!: JobStatus;

  @ApiProperty({ description: 'Whether the job is completed: every item has a result.' })
  complete!: boolean;

  @ApiProperty({
    type: 'array',
    items: { type: 'object', additionalProperties: true },
    description: 'In the order of the input; an item has a prediction or an error.',
    example: [
      {
        index: 0,
        prediction: {
          prediction_id: '0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f',
          label: 'ABSENT',
          score: 0.98,
          model_label: 'ABSENT',
        },
      },
      { index: 1, error: { code: 'ENTITY_NOT_FOUND', message: 'The entity is not in the text.' } },
    ],
  })
  data!: unknown[];

  @ApiProperty({ type: 'string', nullable: true, description: 'The number of the next item.' })
  next_cursor!: string | null;

  @ApiProperty({ type: 'integer', description: 'Items of the job.' }) total!: number;
}
