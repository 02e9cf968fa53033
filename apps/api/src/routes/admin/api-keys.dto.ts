import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const LIMIT = { type: 'integer' as const, minimum: 0, nullable: true };

/** Limits of one key that differ from its tier's; null means none. */
export class KeyLimitsDto {
  @ApiPropertyOptional(LIMIT) per_minute?: number | null;
  @ApiPropertyOptional(LIMIT) per_hour?: number | null;
  @ApiPropertyOptional(LIMIT) per_day?: number | null;
  @ApiPropertyOptional({ ...LIMIT, minimum: 1 }) concurrent?: number | null;
  @ApiPropertyOptional(LIMIT) items_per_day?: number | null;
  @ApiPropertyOptional(LIMIT) tokens_per_day?: number | null;
}

/** What any new key may be given. */
export class KeySettings {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 200, example: 'EHR interface' })
  name!: string;

  @ApiPropertyOptional({
    type: 'string',
    description: "free, pro or enterprise; the tenant's tier if left out.",
  })
  tier?: string;

  @ApiPropertyOptional({
    type: [String],
    example: ['predict', 'models:read'],
    description: 'At most what the caller may do; `predict` and `models:read` if left out.',
  })
  permissions?: string[];

  @ApiPropertyOptional({ type: KeyLimitsDto })
  limits?: KeyLimitsDto;

  @ApiPropertyOptional({ type: 'string', format: 'date-time' })
  expires_at?: string;
}

export class CreateApiKeyRequest extends KeySettings {
  @ApiPropertyOptional({
    type: 'string',
    maxLength: 64,
    description: "The caller's own if left out.",
  })
  tenant_id?: string;

  @ApiPropertyOptional({ type: 'string', maxLength: 64, description: 'The user it acts for.' })
  username?: string;
}

export class RotateApiKeyRequest {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 0,
    maximum: 2_592_000,
    description: 'Seconds for which the former key goes on working; a day if left out.',
  })
  overlap_seconds?: number;
}

export class ApiKeyResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ description: 'The first characters, to tell keys apart.' }) prefix!: string;
  @ApiProperty() name!: string;
  @ApiProperty() tenant_id!: string;
  @ApiProperty({ type: 'string', nullable: true }) user_id!: string | null;
  @ApiProperty() tier!: string;
  @ApiProperty({ type: [String] }) permissions!: string[];
  @ApiProperty({ type: KeyLimitsDto, nullable: true }) limits!: KeyLimitsDto | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true }) expires_at!: string | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true }) revoked_at!: string | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  last_used_at!: string | null;
  @ApiProperty({ type: 'string', nullable: true, description: 'The key that takes its place.' })
  replaced_by!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
}

export class IssuedApiKeyResponse extends ApiKeyResponse {
  @ApiProperty({ description: 'The whole key. It is shown this once.' })
  api_key!: string;
}

export class ApiKeyList {
  @ApiProperty({ type: [ApiKeyResponse] }) data!: ApiKeyResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}
