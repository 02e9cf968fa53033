import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Reply, type PredictionReply } from '../predictions/prediction-reply.js';
import { AnalyzeNoteRequest, AnalyzeNoteResponse } from './notes.dto.js';
import { NotesService } from './notes.service.js';

@ApiTags('notes')
@Controller('notes')
export class NotesController {
  constructor(private readonly notes: NotesService) {}

  @Post('analyze')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOperation({
    summary: 'A whole note as a record: sections, sentences, entities and what is said of them',
    description:
      'Finds the sections and sentences of a note of up to 200,000 characters, the entities in them ' +
      '(model `clinical-ner`), and whether each problem is present, absent or possible (the default ' +
      'assertion model). All within one request and its deadline; the note itself is not stored. Its ' +
      'predictions are logged as all others are: their texts as a keyed hash, or encrypted where ' +
      'STORE_PREDICTION_TEXT is on. Long notes, beyond some 250 sentences, are read at bulk priority.',
  })
  @ApiOkResponse({ type: AnalyzeNoteResponse })
  @ApiProblems('TEXT_TOO_LONG', 'OVERLOADED', 'MODEL_NOT_READY', 'INFERENCE_TIMEOUT')
  analyze(
    @ValidBody() body: AnalyzeNoteRequest,
    @Context() context: RequestContext,
    @Reply() reply: PredictionReply,
  ): Promise<AnalyzeNoteResponse> {
    return this.notes.analyze(body, context, reply);
  }
}
