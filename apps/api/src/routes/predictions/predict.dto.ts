import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';

export const OFFSET_UNITS = ['codepoint', 'utf16'] as const;

export class EntityOffsets {
  @ApiProperty({ type: 'integer', minimum: 0, description: 'First character of the entity.' })
  start!: number;

  @ApiProperty({ type: 'integer', minimum: 1, description: 'One past its last character.' })
  end!: number;
}

const ENTITY = {
  description:
    'What the assertion is about: offsets into the text as sent, or the phrase itself (first occurrence, case-sensitive). Without it the sentence is judged by its main finding.',
  oneOf: [{ type: 'string', minLength: 1 }, { $ref: getSchemaPath(EntityOffsets) }],
  example: 'chest pain',
};

/** What a caller may choose about any prediction, whatever the route. */
export class PredictionOptions {
  @ApiPropertyOptional({
    type: 'boolean',
    description: 'Also answer the probability of each label.',
  })
  return_probabilities?: boolean;

  @ApiPropertyOptional({
    type: 'boolean',
    description: 'Cut a text over the token limit, keeping the entity, instead of refusing it.',
  })
  truncate?: boolean;

  @ApiPropertyOptional({
    type: 'string',
    enum: OFFSET_UNITS,
    description: 'What offsets count: Unicode code points (default) or UTF-16 code units.',
  })
  offset_unit?: (typeof OFFSET_UNITS)[number];
}

/** The fields that the assertion routes' requests share. */
export class PredictionSettings extends PredictionOptions {
  @ApiPropertyOptional({
    type: 'string',
    minLength: 1,
    maxLength: 64,
    description: 'A version of the model; the latest stable one if left out.',
  })
  model_version?: string;
}

@ApiExtraModels(EntityOffsets)
export class PredictRequest extends PredictionSettings {
  @ApiPropertyOptional({
    type: 'string',
    description: 'The sentence; the entity may be marked in it: `[entity] chest pain [entity]`.',
    example: 'The patient denies any chest pain.',
  })
  sentence?: string;

  @ApiPropertyOptional({ type: 'string', description: 'Another name for `sentence`; give one.' })
  text?: string;

  @ApiPropertyOptional(ENTITY)
  entity?: string | EntityOffsets;
}

@ApiExtraModels(EntityOffsets)
export class SentenceItem {
  @ApiPropertyOptional({ type: 'string', example: 'No fever, but she reports cough.' })
  sentence?: string;

  @ApiPropertyOptional({ type: 'string', description: 'Another name for `sentence`; give one.' })
  text?: string;

  @ApiPropertyOptional(ENTITY)
  entity?: string | EntityOffsets;
}

@ApiExtraModels(SentenceItem)
export class PredictBatchRequest extends PredictionSettings {
  @ApiProperty({
    type: 'array',
    minItems: 1,
    items: { oneOf: [{ type: 'string' }, { $ref: getSchemaPath(SentenceItem) }] },
    description: 'At most MAX_BATCH_SIZE (100 by default); answered in the same order.',
    example: ['She has a history of asthma.', { sentence: 'No fever.', entity: 'fever' }],
  })
  sentences!: (string | SentenceItem)[];
}

export class PredictResponse {
  @ApiProperty({ enum: ['PRESENT', 'ABSENT', 'POSSIBLE'], example: 'ABSENT' })
  label!: string;

  @ApiProperty({ minimum: 0, maximum: 1, description: 'Calibrated probability of the label.' })
  score!: number;

  @ApiProperty({ description: "The label as the model's files name it.", example: 'ABSENT' })
  model_label!: string;

  @ApiProperty({ description: 'Milliseconds this prediction waited and ran.' })
  prediction_time_ms!: number;

  @ApiProperty({ pattern: '^req-\\w+-\\w+$', example: 'req-mb2k9x1c-5f0a1b2c3d4e5f60' })
  request_id!: string;

  @ApiProperty({ example: '1.0.0' })
  model_version!: string;

  @ApiProperty({ format: 'uuid', description: 'Names this prediction in feedback and logs.' })
  prediction_id!: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: { type: 'number' },
    example: { PRESENT: 0.01, ABSENT: 0.98, POSSIBLE: 0.01 },
  })
  probabilities?: Record<string, number>;

  @ApiPropertyOptional({
    type: [String],
    description: 'What the caller should know about the answer.',
  })
  warnings?: string[];
}

export class PredictBatchResponse {
  @ApiProperty({ type: [PredictResponse] })
  predictions!: PredictResponse[];

  @ApiProperty({ type: 'integer' })
  batch_size!: number;

  @ApiProperty()
  total_prediction_time_ms!: number;

  @ApiProperty({ pattern: '^req-\\w+-\\w+$' })
  request_id!: string;
}
