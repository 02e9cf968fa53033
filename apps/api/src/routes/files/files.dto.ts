import { ApiProperty } from '@nestjs/swagger';

export class FileResponse {
  @ApiProperty({ format: 'uuid', description: 'For `input_file_id` of a job.' })
  file_id!: string;

  @ApiProperty({ type: 'integer', description: 'Bytes as uploaded.', example: 48_213_007 })
  size!: number;

  @ApiProperty({ pattern: '^[0-9a-f]{64}$', description: 'Of the bytes as uploaded.' })
  sha256!: string;

  @ApiProperty({ enum: ['jsonl', 'csv'], description: 'Recognised by content.' })
  format!: string;

  @ApiProperty({
    type: 'integer',
    description: 'Inputs: rows without blank lines and heading.',
    example: 200_000,
  })
  rows!: number;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'A CSV’s columns; null for JSONL.',
  })
  columns!: string[] | null;

  @ApiProperty({ format: 'date-time' })
  created_at!: string;

  @ApiProperty({
    format: 'date-time',
    description: 'When it is removed, unless an unfinished job reads it then.',
  })
  expires_at!: string;
}
