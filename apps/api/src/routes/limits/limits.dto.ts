import { ApiProperty } from '@nestjs/swagger';
import { TIERS } from '@app/auth';

export class WindowStatus {
  @ApiProperty({ type: 'integer', nullable: true, description: 'Null: not limited.' })
  limit!: number | null;

  @ApiProperty({ type: 'integer' }) used!: number;
  @ApiProperty({ type: 'integer', nullable: true }) remaining!: number | null;

  @ApiProperty({
    type: 'integer',
    description: 'Seconds until `remaining` grows; 0 when nothing has been used.',
  })
  reset!: number;
}

export class ConcurrencyStatus {
  @ApiProperty({ type: 'integer', nullable: true }) limit!: number | null;
  @ApiProperty({ type: 'integer', description: 'Requests being answered now.' }) active!: number;
}

/** Windows slide: `daily` is about the last 24 hours, not about the calendar's day. */
export class RateLimitStatus {
  @ApiProperty({ enum: TIERS, nullable: true, type: 'string' }) tier!: string | null;
  @ApiProperty() daily!: WindowStatus;
  @ApiProperty() per_minute!: WindowStatus;
  @ApiProperty() per_hour!: WindowStatus;
  @ApiProperty({ description: 'Items of batches and jobs.' }) items_daily!: WindowStatus;
  @ApiProperty({ description: 'Generated tokens.' }) tokens_daily!: WindowStatus;
  @ApiProperty() concurrent!: ConcurrencyStatus;
}

export class CallerRateLimits extends RateLimitStatus {
  @ApiProperty({ example: 'key:0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f' }) subject!: string;
  @ApiProperty() tenant_id!: string;
}

export class RateLimitList {
  @ApiProperty({ type: [CallerRateLimits] }) data!: CallerRateLimits[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}
