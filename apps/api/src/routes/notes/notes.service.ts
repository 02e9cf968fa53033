import { Injectable } from '@nestjs/common';
import type { RequestContext } from '@app/common';
import { NoteAnalyzer, type NoteEntity } from '@app/documents';
import type { PredictionReply } from '../predictions/prediction-reply.js';
import type { AnalyzeNoteRequest, AnalyzeNoteResponse, NoteEntityResponse } from './notes.dto.js';

/** Between the note routes' field names and the library. */
@Injectable()
export class NotesService {
  constructor(private readonly analyzer: NoteAnalyzer) {}

  async analyze(
    body: AnalyzeNoteRequest,
    context: RequestContext,
    reply: PredictionReply,
  ): Promise<AnalyzeNoteResponse> {
    const analysis = await this.analyzer.analyze(
      {
        text: body.text,
        assertionTypes: body.assertion_types,
        offsetUnit: body.offset_unit,
      },
      context,
      (sentences) => reply.chargeItems(sentences),
    );
    reply.time(analysis.predictions);
    const { entities, assertion } = analysis.models;
    return {
      sections: analysis.sections.map(({ title, start, end }) => ({ title, start, end })),
      sentences: analysis.sentences.map(({ start, end, section }) => ({ start, end, section })),
      entities: analysis.entities.map(toEntity),
      models: {
        entities: { name: entities.name, version: entities.version },
        assertion: { name: assertion.name, version: assertion.version },
      },
      processing_time_ms: reply.elapsedMs(),
      request_id: context.requestId,
      warnings: [...analysis.warnings],
    };
  }
}

function toEntity({ assertion, ...entity }: NoteEntity): NoteEntityResponse {
  const { start, end, text, type, score, sentence } = entity;
  return {
    start,
    end,
    text,
    type,
    score,
    sentence,
    assertion: assertion && {
      label: assertion.label,
      score: assertion.score,
      prediction_id: assertion.predictionId,
    },
  };
}
