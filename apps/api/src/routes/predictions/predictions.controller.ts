import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import {
  PredictBatchRequest,
  PredictBatchResponse,
  PredictRequest,
  PredictResponse,
} from './predict.dto.js';
import { PredictionsService } from './predictions.service.js';
import { Reply, type PredictionReply } from './prediction-reply.js';

@ApiTags('predictions')
@Controller()
export class PredictionsController {
  constructor(private readonly predictions: PredictionsService) {}

  @Post('predict')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({ summary: 'Is the finding present, absent or possible?' })
  @ApiOkResponse({ type: PredictResponse })
  @ApiProblems('ENTITY_NOT_FOUND', 'TEXT_TOO_LONG', 'OVERLOADED', 'INFERENCE_TIMEOUT')
  predict(
    @ValidBody() body: PredictRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<PredictResponse> {
    return this.predictions.predict(body, context, reply);
  }

  @Post('predict/batch')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({ summary: 'The same for up to 100 sentences; order kept' })
  @ApiOkResponse({ type: PredictBatchResponse })
  @ApiProblems(
    'BATCH_TOO_LARGE',
    'ENTITY_NOT_FOUND',
    'TEXT_TOO_LONG',
    'OVERLOADED',
    'INFERENCE_TIMEOUT',
  )
  predictBatch(
    @ValidBody() body: PredictBatchRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<PredictBatchResponse> {
    return this.predictions.predictBatch(body, context, reply);
  }
}
