import { ApiProperty } from '@nestjs/swagger';

export class SkippedProvider {
  @ApiProperty() provider!: string;
  @ApiProperty() reason!: string;
}

export class ModelDevice {
  @ApiProperty({ example: 'clinical-assertion@1.1.0' }) model!: string;
  @ApiProperty({ example: 'cpu' }) provider!: string;
  @ApiProperty({
    type: [SkippedProvider],
    description: 'Preferred providers that could not be used.',
  })
  skipped!: SkippedProvider[];
}

export class LaneResponse {
  @ApiProperty({ type: 'integer' }) id!: number;
  @ApiProperty({ type: 'integer', nullable: true }) pid!: number | null;
  @ApiProperty() state!: string;
  @ApiProperty({ type: 'integer' }) restarts!: number;
  @ApiProperty({ type: 'string', nullable: true }) last_exit!: string | null;
  @ApiProperty({ type: 'integer', nullable: true }) memory_bytes!: number | null;
  @ApiProperty({ type: 'integer' }) in_flight!: number;
  @ApiProperty({ type: 'integer' }) batches!: number;
  @ApiProperty({ description: 'Share of the time since the service started spent inside models.' })
  utilization!: number;
}

export class QueueResponse {
  @ApiProperty({ type: 'integer' }) interactive_requests!: number;
  @ApiProperty({ type: 'integer' }) interactive_tokens!: number;
  @ApiProperty({ type: 'integer' }) bulk_requests!: number;
  @ApiProperty({ type: 'integer' }) bulk_tokens!: number;
  @ApiProperty({ type: 'integer', description: 'Bulk callers waiting for room.' })
  bulk_waiting!: number;
  @ApiProperty() oldest_ms!: number;
  @ApiProperty() mean_age_ms!: number;
}

export class GpuStatsResponse {
  @ApiProperty({ example: 'cpu' }) device!: string;
  @ApiProperty({ type: [ModelDevice] }) models!: ModelDevice[];
  @ApiProperty({ type: [LaneResponse] }) lanes!: LaneResponse[];
  @ApiProperty({ type: QueueResponse }) queue!: QueueResponse;
  @ApiProperty({ type: 'integer' }) batches!: number;
  @ApiProperty({ type: 'integer' }) items!: number;
  @ApiProperty() mean_batch_size!: number;
  @ApiProperty({
    minimum: 0,
    maximum: 1,
    description: 'Share of computed tokens that was padding.',
  })
  padding_waste!: number;
}

export class GpuHealthResponse {
  @ApiProperty({ enum: ['healthy'] }) status!: 'healthy';
  @ApiProperty({ type: 'integer' }) queue_size!: number;
  @ApiProperty() batches_waiting!: number;
}
