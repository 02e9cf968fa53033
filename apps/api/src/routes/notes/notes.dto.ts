import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { OFFSET_UNITS } from '../predictions/predict.dto.js';

export const NOTE_FORMATS = ['json'] as const;

/** Short enough to show every part of an answer. */
const EXAMPLE = 'ASSESSMENT: Possible pneumonia. No effusion.';

export class AnalyzeNoteRequest {
  @ApiProperty({
    type: 'string',
    description: 'The note as it is; at most 200,000 characters.',
    example: EXAMPLE,
  })
  text!: string;

  @ApiPropertyOptional({ type: 'string', enum: NOTE_FORMATS, description: 'Form of the answer.' })
  format?: (typeof NOTE_FORMATS)[number];

  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', minLength: 1 },
    uniqueItems: true,
    description: 'Types of entities that get an assertion; `["PROBLEM"]` if left out.',
    example: ['PROBLEM'],
  })
  assertion_types?: string[];

  @ApiPropertyOptional({
    type: 'string',
    enum: OFFSET_UNITS,
    description: 'What offsets count: Unicode code points (default) or UTF-16 code units.',
  })
  offset_unit?: (typeof OFFSET_UNITS)[number];
}

export class NoteSectionResponse {
  @ApiProperty({
    type: 'string',
    nullable: true,
    example: 'ASSESSMENT',
    description: 'The heading without its colon; null before the first heading.',
  })
  title!: string | null;

  @ApiProperty({ type: 'integer', example: 0, description: 'Where its heading begins.' })
  start!: number;

  @ApiProperty({ type: 'integer', example: 44, description: 'One past its last character.' })
  end!: number;
}

export class NoteSentenceResponse {
  @ApiProperty({ type: 'integer', example: 0 }) start!: number;
  @ApiProperty({ type: 'integer', example: 31 }) end!: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'Index into `sections`.' })
  section!: number;
}

export class NoteAssertionResponse {
  @ApiProperty({ enum: ['PRESENT', 'ABSENT', 'POSSIBLE'], example: 'POSSIBLE' })
  label!: string;

  @ApiProperty({ minimum: 0, maximum: 1, example: 0.97 }) score!: number;

  @ApiProperty({ format: 'uuid', description: 'Names this prediction in feedback and logs.' })
  prediction_id!: string;
}

export class NoteEntityResponse {
  @ApiProperty({ type: 'integer', example: 21 }) start!: number;
  @ApiProperty({ type: 'integer', example: 30 }) end!: number;
  @ApiProperty({ example: 'pneumonia' }) text!: string;
  @ApiProperty({ example: 'PROBLEM' }) type!: string;
  @ApiProperty({ minimum: 0, maximum: 1, example: 0.99 }) score!: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'Index into `sentences`.' })
  sentence!: number;

  @ApiProperty({
    type: NoteAssertionResponse,
    nullable: true,
    description: 'Null for types not in `assertion_types`.',
  })
  assertion!: NoteAssertionResponse | null;
}

export class NoteModelResponse {
  @ApiProperty({ example: 'clinical-ner' }) name!: string;
  @ApiProperty({ example: '1.0.0' }) version!: string;
}

export class NoteModelsResponse {
  @ApiProperty({ type: NoteModelResponse }) entities!: NoteModelResponse;
  @ApiProperty({ type: NoteModelResponse }) assertion!: NoteModelResponse;
}

export class AnalyzeNoteResponse {
  @ApiProperty({ type: [NoteSectionResponse], description: 'In order, without overlap.' })
  sections!: NoteSectionResponse[];

  @ApiProperty({
    type: [NoteSentenceResponse],
    description: 'In order, without overlap. A heading belongs to the sentence that follows it.',
  })
  sentences!: NoteSentenceResponse[];

  @ApiProperty({ type: [NoteEntityResponse], description: 'In order, without overlap.' })
  entities!: NoteEntityResponse[];

  @ApiProperty({ type: NoteModelsResponse, description: 'Which model versions answered.' })
  models!: NoteModelsResponse;

  @ApiProperty() processing_time_ms!: number;
  @ApiProperty() request_id!: string;
  @ApiProperty({ type: [String], description: 'What the caller should know about the answer.' })
  warnings!: string[];
}
