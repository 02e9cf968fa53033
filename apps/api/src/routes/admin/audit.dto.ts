import { ApiProperty } from '@nestjs/swagger';

export class AuditEntryResponse {
  @ApiProperty({ type: 'integer', description: 'Its place in the chain; without gaps.' })
  seq!: number;
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty({ format: 'date-time' }) at!: string;
  @ApiProperty() tenant_id!: string;
  @ApiProperty({ enum: ['user', 'key', 'system', 'anonymous'] }) actor_kind!: string;
  @ApiProperty() actor_id!: string;
  @ApiProperty({ type: 'string', nullable: true }) session_id!: string | null;
  @ApiProperty({ type: 'string', nullable: true }) key_id!: string | null;
  @ApiProperty({ example: 'api_key.create' }) action!: string;
  @ApiProperty() object_kind!: string;
  @ApiProperty({ type: 'string', nullable: true }) object_id!: string | null;
  @ApiProperty({
    type: 'string',
    nullable: true,
    description: "Keyed hash of the patient's id; the id itself is not stored.",
  })
  patient_hash!: string | null;
  @ApiProperty({ type: 'string', nullable: true }) reason!: string | null;
  @ApiProperty({ enum: ['success', 'refused', 'failed'] }) result!: string;
  @ApiProperty({ type: 'integer', nullable: true }) status!: number | null;
  @ApiProperty({ type: 'string', nullable: true }) address!: string | null;
  @ApiProperty({ type: 'string', nullable: true }) user_agent!: string | null;
  @ApiProperty({ type: 'string', nullable: true }) request_id!: string | null;
}

export class AuditEntryList {
  @ApiProperty({ type: [AuditEntryResponse], description: 'The newest first.' })
  data!: AuditEntryResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

export class UnanchoredWindow {
  @ApiProperty({ type: 'integer' }) rows!: number;
  @ApiProperty({ format: 'date-time' }) from!: string;
  @ApiProperty({ format: 'date-time' }) to!: string;
}

export class AuditVerificationResponse {
  @ApiProperty({ description: 'Whether every row and checkpoint is as it was written.' })
  sound!: boolean;
  @ApiProperty({ type: 'integer' }) rows!: number;
  @ApiProperty({ type: 'integer' }) checkpoints!: number;
  @ApiProperty({ type: 'integer' }) finding_count!: number;
  @ApiProperty({ type: [String], description: 'The first hundred, in words.' })
  findings!: string[];
  @ApiProperty({
    type: UnanchoredWindow,
    nullable: true,
    description: 'Rows after the last checkpoint, whose removal would not be noticed yet.',
  })
  unanchored!: UnanchoredWindow | null;
}
