import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

const STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;
type Status = (typeof STATUSES)[number];

export class CheckResponse {
  @ApiProperty({ enum: STATUSES }) status!: Status;
  @ApiProperty() message!: string;
  @ApiProperty() response_time_ms!: number;
  @ApiProperty({ format: 'date-time' }) last_checked!: string;
}

@ApiExtraModels(CheckResponse)
export class HealthResponse {
  @ApiProperty({ enum: STATUSES }) status!: Status;
  @ApiProperty() model_loaded!: boolean;
  @ApiProperty({ format: 'date-time' }) timestamp!: string;
  @ApiProperty({ example: '0.1.0' }) version!: string;
  @ApiProperty() uptime_seconds!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { $ref: getSchemaPath(CheckResponse) },
  })
  checks!: Record<string, CheckResponse>;
}
