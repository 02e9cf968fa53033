import { InferenceService, ModelPool } from '@app/inference';
import { ModelRegistry } from '@app/model-registry';
import { Module } from '@nestjs/common';
import { NoteAnalyzer } from './notes/note-analyzer.js';

/** What is read out of whole documents. Needs the global modules of models and inference. */
@Module({
  providers: [
    {
      provide: NoteAnalyzer,
      inject: [ModelRegistry, ModelPool, InferenceService],
      useFactory: (registry: ModelRegistry, pool: ModelPool, inference: InferenceService) =>
        new NoteAnalyzer(registry, pool, inference),
    },
  ],
  exports: [NoteAnalyzer],
})
export class DocumentsModule {}
