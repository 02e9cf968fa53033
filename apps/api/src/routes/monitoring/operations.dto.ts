import { ApiProperty } from '@nestjs/swagger';
import { DayTrendResponse, PredictionStatsResponse } from './monitoring.dto.js';

export class ModelStatsResponse {
  @ApiProperty() model!: string;
  @ApiProperty() model_version!: string;
  @ApiProperty({ type: 'integer' }) total_predictions!: number;
  @ApiProperty({ type: 'number', nullable: true }) avg_confidence!: number | null;
  @ApiProperty() avg_processing_time_ms!: number;
  @ApiProperty({ format: 'date-time' }) last_prediction_at!: string;
}

/** Times are null when there were no requests. */
export class RequestSummaryResponse {
  @ApiProperty({ type: 'integer' }) requests!: number;
  @ApiProperty({ type: 'integer', description: 'Answered 5xx.' }) failed!: number;

  @ApiProperty({ type: 'integer', description: 'Answered 4xx, and clients that went away.' })
  refused!: number;

  @ApiProperty({ minimum: 0, maximum: 1, description: 'Share that was answered 5xx.' })
  error_rate!: number;

  @ApiProperty({ type: 'number', nullable: true }) avg_ms!: number | null;
  @ApiProperty({ type: 'number', nullable: true }) max_ms!: number | null;

  @ApiProperty({
    type: 'number',
    nullable: true,
    description: 'An estimate from a histogram, within 19 % from 1 ms to 65 s.',
  })
  p50_ms!: number | null;

  @ApiProperty({ type: 'number', nullable: true, description: 'An estimate, like p50_ms.' })
  p95_ms!: number | null;
}

export class RouteSummaryResponse extends RequestSummaryResponse {
  @ApiProperty() method!: string;
  @ApiProperty({ example: '/models/:name/predict' }) route!: string;
}

export class MinuteSummaryResponse {
  @ApiProperty({ format: 'date-time' }) minute!: string;
  @ApiProperty({ type: 'integer' }) requests!: number;
  @ApiProperty({ type: 'integer' }) failed!: number;
  @ApiProperty() avg_ms!: number;
}

export class PredictionLogStatusResponse {
  @ApiProperty({ type: 'integer' }) written!: number;
  @ApiProperty({ type: 'integer', description: 'Lost to the log.' }) dropped!: number;
  @ApiProperty({ type: 'integer', description: 'Waiting to be written.' }) buffered!: number;
  @ApiProperty({ description: 'Whether the database takes no rows now.' }) failing!: boolean;
}

export class OverallStats {
  @ApiProperty({ format: 'date-time' }) timestamp!: string;
  @ApiProperty({ description: 'Of the process that answers.' }) uptime_seconds!: number;
  @ApiProperty({ type: 'integer', description: 'How far predictions and requests look back.' })
  hours!: number;
  @ApiProperty() predictions!: PredictionStatsResponse;
  @ApiProperty({ type: [ModelStatsResponse] }) models!: ModelStatsResponse[];
  @ApiProperty() requests!: RequestSummaryResponse;
}

export class Dashboard extends OverallStats {
  @ApiProperty({ type: [DayTrendResponse] }) trends!: DayTrendResponse[];
  @ApiProperty({ type: [RouteSummaryResponse] }) routes!: RouteSummaryResponse[];

  @ApiProperty({ type: [MinuteSummaryResponse], description: 'Of the last hour.' })
  minutes!: MinuteSummaryResponse[];

  @ApiProperty({ description: 'Of the process that answers.' })
  prediction_log!: PredictionLogStatusResponse;
}
