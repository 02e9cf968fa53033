import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LoggedPredictionResponse {
  @ApiProperty({ format: 'uuid' }) prediction_id!: string;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
  @ApiProperty() tenant_id!: string;
  @ApiProperty({ description: 'Who asked: a user or a key.' }) principal_id!: string;
  @ApiProperty() request_id!: string;
  @ApiProperty() model!: string;
  @ApiProperty() model_version!: string;
  @ApiProperty() task!: string;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'Null for tasks that answer no single label.',
  })
  label!: string | null;

  @ApiProperty({ type: 'number', nullable: true, minimum: 0, maximum: 1 })
  score!: number | null;

  @ApiProperty({ type: 'integer', description: 'Length of the input.' }) tokens!: number;

  @ApiProperty({
    type: 'number',
    nullable: true,
    minimum: 0,
    maximum: 1,
    description: 'Share of the tokens that the vocabulary does not know.',
  })
  unknown_share!: number | null;

  @ApiProperty() queue_ms!: number;
  @ApiProperty() run_ms!: number;
  @ApiProperty({ description: 'Waiting and running.' }) processing_time_ms!: number;
  @ApiProperty({ description: 'Whether the text was kept.' }) text_stored!: boolean;

  @ApiPropertyOptional({
    type: 'string',
    nullable: true,
    description: 'With include_text: the text; null when it was not kept or is another tenant’s.',
  })
  text?: string | null;
}

export class LoggedPredictionList {
  @ApiProperty({ type: [LoggedPredictionResponse] }) data!: LoggedPredictionResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

/** Averages are null when there is nothing to take them of. */
export class PredictionStatsResponse {
  @ApiProperty({ type: 'integer' }) total_predictions!: number;
  @ApiProperty({ type: 'number', nullable: true }) avg_confidence!: number | null;
  @ApiProperty({ type: 'number', nullable: true }) avg_processing_time_ms!: number | null;
  @ApiProperty({ type: 'integer' }) unique_labels!: number;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'integer' },
    example: { PRESENT: 120, ABSENT: 45, POSSIBLE: 7 },
  })
  by_label!: Record<string, number>;
}

export class DayTrendResponse {
  @ApiProperty({ format: 'date', example: '2026-01-31' }) date!: string;
  @ApiProperty({ type: 'integer' }) count!: number;
  @ApiProperty({ type: 'number', nullable: true }) avg_processing_time_ms!: number | null;
  @ApiProperty({ type: 'number', nullable: true }) avg_confidence!: number | null;
}
