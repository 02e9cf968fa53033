import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { DELIVERY_STATES } from '@app/deliveries';
import { DEFAULT_TOPICS, WEBHOOK_TOPICS } from '@app/webhooks';

const TIME = { type: 'string', format: 'date-time' } as const;
const TIME_OR_NULL = { ...TIME, nullable: true } as const;

const URL_FIELD = {
  type: 'string',
  minLength: 1,
  maxLength: 2_048,
  description: 'Gets a signed POST for every event. https to a public address.',
  example: 'https://ehr.example.org/hooks/clinserve',
} as const;

const TOPICS = {
  type: 'array' as const,
  minItems: 1,
  maxItems: WEBHOOK_TOPICS.length,
  items: { type: 'string', enum: [...WEBHOOK_TOPICS] },
  description: 'What it is told of.',
};

const DESCRIPTION = { type: 'string', maxLength: 200, example: 'EHR interface' } as const;

export class CreateEndpointRequest {
  @ApiProperty(URL_FIELD) url!: string;

  @ApiPropertyOptional({ ...TOPICS, default: [...DEFAULT_TOPICS] })
  topics?: string[];

  @ApiPropertyOptional(DESCRIPTION) description?: string;
}

/** What is left out stays as it is. */
export class ChangeEndpointRequest {
  @ApiPropertyOptional(URL_FIELD) url?: string;
  @ApiPropertyOptional(TOPICS) topics?: string[];
  @ApiPropertyOptional(DESCRIPTION) description?: string;

  @ApiPropertyOptional({
    type: 'boolean',
    description: 'Nothing is sent to a disabled endpoint; what waited for it is given up.',
  })
  enabled?: boolean;
}

export class EndpointResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ example: URL_FIELD.example }) url!: string;
  @ApiProperty({ type: [String] }) topics!: string[];
  @ApiProperty() description!: string;
  @ApiProperty() enabled!: boolean;
  @ApiProperty(TIME_OR_NULL) disabled_at!: string | null;
  @ApiProperty({ type: 'string', nullable: true }) disabled_reason!: string | null;
  @ApiProperty(TIME) created_at!: string;
}

export class CreatedEndpointResponse extends EndpointResponse {
  @ApiProperty({
    type: 'string',
    nullable: true,
    example: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    description:
      'What all webhooks of the tenant are signed with, shown this once; null when there was one already.',
  })
  secret!: string | null;
}

export class EndpointList {
  @ApiProperty({ type: [EndpointResponse] }) data!: EndpointResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

export class QueuedDeliveryResponse {
  @ApiProperty({ format: 'uuid' }) delivery_id!: string;
}

export class SecretResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty(TIME) created_at!: string;

  @ApiProperty({ ...TIME_OR_NULL, description: 'When a replaced one stops signing.' })
  expires_at!: string | null;
}

export class SecretList {
  @ApiProperty({ type: [SecretResponse], description: 'Those that sign now, the newest first.' })
  data!: SecretResponse[];
}

export class RotateSecretRequest {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 2_592_000,
    description: 'Seconds for which the former secret goes on signing too; a day if left out.',
  })
  overlap_seconds?: number;
}

export class IssuedSecretResponse extends SecretResponse {
  @ApiProperty({ description: 'The new secret. It is shown this once.' }) secret!: string;
}

export class DeliveryResponse {
  @ApiProperty({ format: 'uuid', description: 'The `webhook-id` of every attempt.' }) id!: string;
  @ApiProperty({ example: 'job.completed' }) topic!: string;

  @ApiProperty({ type: 'string', nullable: true, description: 'What it is about: a job’s id.' })
  subject_id!: string | null;

  @ApiProperty({
    type: 'string',
    format: 'uuid',
    nullable: true,
    description: 'Null for a job’s own callback_url.',
  })
  endpoint_id!: string | null;

  @ApiProperty({ enum: [...DELIVERY_STATES] }) status!: string;
  @ApiProperty({ type: 'integer' }) attempts!: number;
  @ApiProperty(TIME_OR_NULL) next_attempt_at!: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'HTTP status of the last answer; null without one.',
  })
  last_status!: number | null;

  @ApiProperty({ type: 'string', nullable: true, example: 'Answered 500.' })
  last_error!: string | null;

  @ApiProperty(TIME) created_at!: string;
  @ApiProperty(TIME_OR_NULL) delivered_at!: string | null;
}

export class DeliveryList {
  @ApiProperty({ type: [DeliveryResponse] }) data!: DeliveryResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

export class DeliveryAttemptResponse {
  @ApiProperty(TIME) at!: string;
  @ApiProperty({ type: 'integer' }) duration_ms!: number;
  @ApiProperty({ type: 'integer', nullable: true }) status!: number | null;
  @ApiProperty({ type: 'string', nullable: true }) error!: string | null;
}

export class DeliveryDetails extends DeliveryResponse {
  @ApiProperty({ type: 'object', additionalProperties: true, description: 'What is sent as data.' })
  data!: object;

  @ApiProperty({ type: [DeliveryAttemptResponse], description: 'The oldest first.' })
  attempt_log!: DeliveryAttemptResponse[];
}

export class ReplayRequest {
  @ApiProperty({
    ...TIME,
    description:
      'Deliveries created then or later are sent again when they failed, or were given up while their endpoint was disabled and it is enabled now.',
  })
  since!: string;

  @ApiPropertyOptional({
    type: 'string',
    pattern: '^[\\da-fA-F]{8}(-[\\da-fA-F]{4}){3}-[\\da-fA-F]{12}$',
    description: 'Only those of an endpoint.',
  })
  endpoint_id?: string;
}

export class ReplayResponse {
  @ApiProperty({ type: 'integer', description: 'At most 10,000; ask again for the rest.' })
  replayed!: number;
}
