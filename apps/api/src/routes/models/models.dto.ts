import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { MODEL_STATUSES, TASK_NAMES } from '@app/model-registry';
import { EntityOffsets, PredictionOptions } from '../predictions/predict.dto.js';

@ApiExtraModels(EntityOffsets)
export class ModelInput {
  @ApiPropertyOptional({ type: 'string', example: 'Possible pneumonia in the left lower lobe.' })
  text?: string;

  @ApiPropertyOptional({ type: 'string', description: 'Another name for `text`; give one.' })
  sentence?: string;

  @ApiPropertyOptional({
    description: 'For the assertion task: the entity by offsets or as the phrase itself.',
    oneOf: [{ type: 'string', minLength: 1 }, { $ref: getSchemaPath(EntityOffsets) }],
    example: 'pneumonia',
  })
  entity?: string | EntityOffsets;
}

@ApiExtraModels(ModelInput)
export class ModelPredictRequest {
  @ApiProperty({
    type: 'array',
    minItems: 1,
    items: { $ref: getSchemaPath(ModelInput) },
    description: 'At most MAX_BATCH_SIZE (100 by default); answered in the same order.',
  })
  inputs!: ModelInput[];

  @ApiPropertyOptional({ type: PredictionOptions })
  options?: PredictionOptions;

  @ApiPropertyOptional({ type: 'string', minLength: 1, maxLength: 64 })
  model_version?: string;
}

export class SpanResponse {
  @ApiProperty({ type: 'integer' }) start!: number;
  @ApiProperty({ type: 'integer', description: 'One past the last character.' }) end!: number;
  @ApiProperty() text!: string;
  @ApiProperty() label!: string;
  @ApiProperty({ minimum: 0, maximum: 1 }) score!: number;
}

/** One answer; which fields it has depends on the model's task. */
export class ModelPrediction {
  @ApiProperty({ format: 'uuid' }) prediction_id!: string;

  @ApiPropertyOptional({ description: 'Assertion and text classification.' })
  label?: string;

  @ApiPropertyOptional({ minimum: 0, maximum: 1 })
  score?: number;

  @ApiPropertyOptional({ description: "The label as the model's files name it." })
  model_label?: string;

  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'number' } })
  probabilities?: Record<string, number>;

  @ApiPropertyOptional({ type: [SpanResponse], description: 'Token classification.' })
  entities?: SpanResponse[];

  @ApiPropertyOptional({ type: [Number], description: 'Embedding.' })
  embedding?: number[];
}

export class ModelPredictResponse {
  @ApiProperty({ type: [ModelPrediction] }) predictions!: ModelPrediction[];
  @ApiProperty() model!: string;
  @ApiProperty() model_version!: string;
  @ApiProperty() processing_time_ms!: number;
  @ApiProperty({ type: [String] }) warnings!: string[];
  @ApiProperty() request_id!: string;
}

export class ModelVersionInfo {
  @ApiProperty({ example: '1.0.0' }) version!: string;
  @ApiProperty({ enum: MODEL_STATUSES }) status!: string;
  @ApiProperty({ description: 'Whether this process can answer with it now.' }) loaded!: boolean;

  @ApiProperty({
    type: 'string',
    nullable: true,
    description: 'The execution provider in use; null when not loaded.',
  })
  device!: string | null;

  @ApiProperty({ enum: TASK_NAMES }) task!: string;
  @ApiProperty({ type: [String] }) labels!: string[];
  @ApiProperty({ type: 'integer' }) max_tokens!: number;
  @ApiProperty() precision!: string;
  @ApiProperty() description!: string;
}

export class ModelInfo {
  @ApiProperty({ example: 'clinical-assertion' }) id!: string;
  @ApiProperty({ enum: ['model'] }) object!: 'model';
  @ApiProperty() name!: string;
  @ApiProperty({ description: 'The version that answers when none is asked for.' })
  default_version!: string;
  @ApiProperty({ enum: TASK_NAMES }) task!: string;
  @ApiProperty({ type: [ModelVersionInfo] }) versions!: ModelVersionInfo[];
}

export class ModelList {
  @ApiProperty({ enum: ['list'] }) object!: 'list';
  @ApiProperty({ type: [ModelInfo] }) data!: ModelInfo[];
}
