import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { MailedPredictRequest, MailedPredictResponse } from './mailed-predict.dto.js';
import { MailedPredictionsService } from './mailed-predictions.service.js';
import { Reply, type PredictionReply } from './prediction-reply.js';

@ApiTags('predictions')
@Controller()
export class MailedPredictionsController {
  constructor(private readonly predictions: MailedPredictionsService) {}

  @Post('predict/simple')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({ summary: 'Predicts, and mails the answer without patient data' })
  @ApiOkResponse({ type: MailedPredictResponse })
  @ApiProblems('ENTITY_NOT_FOUND', 'TEXT_TOO_LONG', 'OVERLOADED', 'INFERENCE_TIMEOUT')
  predict(
    @ValidBody() body: MailedPredictRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<MailedPredictResponse> {
    return this.predictions.predict(body, context, reply);
  }
}
