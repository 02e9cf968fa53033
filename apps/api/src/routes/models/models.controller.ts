import { Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Reply, type PredictionReply } from '../predictions/prediction-reply.js';
import { ModelInfo, ModelList, ModelPredictRequest, ModelPredictResponse } from './models.dto.js';
import { ModelsService } from './models.service.js';

@ApiTags('models')
@Controller('models')
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  @Get()
  @RequirePermission('models:read')
  @ApiOperation({ summary: 'All models; also what OpenAI clients expect of /v1/models' })
  @ApiOkResponse({ type: ModelList })
  list(): ModelList {
    return this.models.list();
  }

  @Get(':name')
  @RequirePermission('models:read')
  @ApiOperation({ summary: 'One model and its versions' })
  @ApiOkResponse({ type: ModelInfo })
  @ApiProblems('MODEL_NOT_FOUND')
  get(@Param('name') name: string): ModelInfo {
    return this.models.get(name);
  }

  @Post(':name/predict')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({ summary: 'Predicts with the latest stable version, or the one asked for' })
  @ApiOkResponse({ type: ModelPredictResponse })
  @ApiProblems(
    'UNKNOWN_MODEL_VERSION',
    'MODEL_NOT_FOUND',
    'BATCH_TOO_LARGE',
    'TEXT_TOO_LONG',
    'OVERLOADED',
    'INFERENCE_TIMEOUT',
  )
  predict(
    @Param('name') name: string,
    @ValidBody() body: ModelPredictRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<ModelPredictResponse> {
    const version = reply.requestedVersion(body.model_version);
    return this.models.predict({ name, version }, body, context, reply);
  }

  @Post(':name/versions/:version/predict')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({ summary: 'Predicts with one version' })
  @ApiOkResponse({ type: ModelPredictResponse })
  @ApiProblems(
    'MODEL_NOT_FOUND',
    'BATCH_TOO_LARGE',
    'TEXT_TOO_LONG',
    'OVERLOADED',
    'INFERENCE_TIMEOUT',
  )
  predictVersion(
    @Param('name') name: string,
    @Param('version') version: string,
    @ValidBody() body: ModelPredictRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<ModelPredictResponse> {
    return this.models.predict({ name, version, versionFrom: 'path' }, body, context, reply);
  }
}
