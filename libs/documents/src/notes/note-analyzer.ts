import { DomainError, invalidField, type RequestContext } from '@app/common';
import {
  lengthIn,
  spansForCaller,
  turnsFor,
  type InferenceAnswer,
  type InferenceService,
  type ModelPool,
  type OffsetUnit,
  type RawInput,
  type ServedModel,
  type Span,
} from '@app/inference';
import { type ModelManifest, type ModelRegistry, type ModelSelector } from '@app/model-registry';
import { fitSentences } from './fit-sentences.js';
import { headingContext } from './heading-context.js';
import type { NoteAnalysis, NoteEntity, NoteRequest, NoteSentence } from './note-analysis.js';
import { segmentNote } from './segment-note.js';

/** Longest note, in Unicode code points: some sixty pages. */
export const MAX_NOTE_LENGTH = 200_000;
/** The model that finds the entities of notes. */
export const ENTITY_MODEL = 'clinical-ner';
export const DEFAULT_ASSERTION_TYPES: readonly string[] = ['PROBLEM'];

/**
 * Beyond either, the items of a note are bulk work: they would fill the queue that others'
 * requests wait in, and those would be refused.
 */
const MAX_INTERACTIVE_ITEMS = 256;
const MAX_INTERACTIVE_CHARACTERS = 100_000;

/**
 * Tokens of a sentence that are read at once. A longer one is a list without an
 * end, whose every finding would be judged over all the others: the cost grows
 * with the square, the answer with nothing.
 */
const LONGEST_PART = 256;
/** Entity markers take tokens of their own beside the sentence. */
const MARKER_TOKENS = 2;

interface FoundEntity extends Span {
  readonly text: string;
  readonly type: string;
  readonly score: number;
  readonly sentence: number;
}

/** Makes a structured record of a whole note, with two submissions to the scheduler in all. */
export class NoteAnalyzer {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly pool: ModelPool,
    private readonly inference: InferenceService,
  ) {}

  /**
   * @param charge told how many sentences there are before a model reads any; what it throws ends the call
   * @throws DomainError VALIDATION_ERROR for a blank note or an unknown type, TEXT_TOO_LONG,
   * MODEL_NOT_READY when a model it needs is not served, and what InferenceService throws
   */
  async analyze(
    request: NoteRequest,
    context: RequestContext,
    charge: (sentences: number) => void | Promise<void> = () => undefined,
  ): Promise<NoteAnalysis> {
    requireReadableLength(request.text);
    const tagger = this.served({ name: ENTITY_MODEL });
    const asserter = this.served({ task: 'assertion' });
    const types = assertionTypes(request.assertionTypes, tagger.manifest);

    const turns = turnsFor(context);
    const segmented = await segmentNote(request.text, turns);
    const windows = [
      { ...tagger, maxTokens: Math.min(tagger.maxTokens, LONGEST_PART) },
      { ...asserter, maxTokens: Math.min(asserter.maxTokens, LONGEST_PART) - MARKER_TOKENS },
    ];
    const { sentences, cut } = await fitSentences(
      segmented.lines,
      segmented.sentences,
      windows,
      turns,
    );
    const lines = withoutMarkers(segmented.lines, asserter.manifest.entityMarker);

    const readable = sentences
      .map((sentence, index) => ({ index, text: lines.slice(sentence.start, sentence.end) }))
      .filter(({ text }) => /[\p{L}\p{N}]/u.test(text));
    const tagged = await this.predict(tagger, readable, context, () => charge(readable.length));
    const found = readable.flatMap(({ index }, i) =>
      entitiesOf(tagged, i, request.text, sentences[index], index),
    );
    const toAssert = found.filter(({ type }) => types.has(type));
    const asserted = await this.predict(
      asserter,
      toAssert.map((entity) => {
        const sentence = sentences[entity.sentence];
        const lead = sentence ? headingContext(sentence, segmented.sections) : '';
        return assertionInput(lines, entity, sentence, lead);
      }),
      context,
    );

    const assertionOf = new Map(toAssert.map((entity, i) => [entity, assertionAt(asserted, i)]));
    const unit = request.offsetUnit ?? 'codepoint';
    return {
      sections: inUnit(request.text, segmented.sections, unit),
      sentences: inUnit(request.text, sentences, unit),
      entities: inUnit(request.text, found, unit).map((entity, i): NoteEntity => {
        const original = found[i];
        return { ...entity, assertion: (original && assertionOf.get(original)) ?? null };
      }),
      models: { entities: tagged.model, assertion: asserted.model },
      predictions: [...tagged.items, ...asserted.items],
      warnings: warningsOf(request.text, cut, tagged, asserted),
    };
  }

  /** @throws DomainError MODEL_NOT_READY */
  private served(selector: ModelSelector): ServedModel {
    try {
      return this.pool.get(this.registry.resolve(selector));
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== 'MODEL_NOT_FOUND') throw error;
      const what = selector.name ?? `a model for the task "${selector.task}"`;
      throw new DomainError(
        'MODEL_NOT_READY',
        `Notes are read with ${what}, which is not served here. Its operator adds it to MODELS.`,
        { cause: error, retryAfterSeconds: 60 },
      );
    }
  }

  private predict(
    { manifest: { name, version } }: ServedModel,
    inputs: readonly RawInput[],
    context: RequestContext,
    charge?: () => void | Promise<void>,
  ): Promise<InferenceAnswer> {
    return this.inference.predict(
      {
        model: { name, version },
        inputs,
        options: { truncate: true, offsetUnit: 'utf16' },
        fieldName: () => 'text',
        charge,
      },
      isLarge(inputs) ? asBulk(context) : context,
    );
  }
}

function isLarge(inputs: readonly RawInput[]): boolean {
  const characters = inputs.reduce((sum, { text }) => sum + text.length, 0);
  return inputs.length > MAX_INTERACTIVE_ITEMS || characters > MAX_INTERACTIVE_CHARACTERS;
}

function asBulk(context: RequestContext): RequestContext {
  const { tenantId, principalId, tier, permissions, requestId, deadline, signal } = context;
  const caller = { tenantId, principalId, tier, permissions };
  return { ...caller, requestId, priority: 'bulk', deadline, signal };
}

function requireReadableLength(text: string): void {
  if (lengthIn(text, 'codepoint') > MAX_NOTE_LENGTH) {
    throw invalidField(
      'text',
      'too_long',
      `text is longer than ${MAX_NOTE_LENGTH} characters, the most of one note. Send it in parts.`,
      'TEXT_TOO_LONG',
    );
  }
  if (!/[\p{L}\p{N}]/u.test(text)) {
    throw invalidField('text', 'blank', 'text holds no letter and no digit. Send the note in it.');
  }
}

function assertionTypes(
  wanted: readonly string[] | undefined,
  { labels }: ModelManifest,
): ReadonlySet<string> {
  const known = new Set(labels.map((label) => label.replace(/^[BI]-/i, '')));
  known.delete('O');
  for (const [i, type] of (wanted ?? []).entries()) {
    if (known.has(type)) continue;
    throw invalidField(
      `assertion_types[${i}]`,
      'unknown_type',
      `assertion_types[${i}] is none of the types this service finds: ${[...known].join(', ')}.`,
    );
  }
  return new Set(wanted ?? DEFAULT_ASSERTION_TYPES);
}

/** A note may spell the marker itself; to the model that would be a second entity. */
function withoutMarkers(lines: string, marker: string | undefined): string {
  return marker === undefined ? lines : lines.replaceAll(marker, ' '.repeat(marker.length));
}

function entitiesOf(
  answer: InferenceAnswer,
  at: number,
  text: string,
  sentence: NoteSentence | undefined,
  index: number,
): FoundEntity[] {
  const prediction = answer.items[at]?.prediction;
  if (!prediction || !('spans' in prediction) || !sentence) {
    throw new DomainError('INTERNAL_ERROR', 'The entity model answered no spans.');
  }
  return prediction.spans.map(({ label, score, ...span }) => {
    const start = sentence.start + span.start;
    const end = sentence.start + span.end;
    return { start, end, text: text.slice(start, end), type: label, score, sentence: index };
  });
}

function assertionInput(
  lines: string,
  { start, end }: Span,
  sentence: NoteSentence | undefined,
  lead: string,
): RawInput {
  const from = sentence?.start ?? start;
  const text = lead + lines.slice(from, sentence?.end ?? end);
  const shift = lead.length - from;
  return { text, entity: { start: start + shift, end: end + shift } };
}

function assertionAt(answer: InferenceAnswer, at: number): NoteEntity['assertion'] {
  const item = answer.items[at];
  if (!item || !('modelLabel' in item.prediction)) {
    throw new DomainError('INTERNAL_ERROR', 'The assertion model answered no label.');
  }
  const { label, score } = item.prediction;
  return { label, score, predictionId: item.predictionId };
}

function inUnit<T extends Span>(text: string, spans: readonly T[], unit: OffsetUnit): T[] {
  const converted = spansForCaller(text, spans, unit);
  return spans.map((span, i) => ({ ...span, ...converted[i] }));
}

function warningsOf(text: string, cut: number, ...answers: readonly InferenceAnswer[]): string[] {
  const warnings = new Set(
    answers.flatMap(({ items }) => items.flatMap(({ prediction }) => prediction.warnings)),
  );
  if (cut > 0) {
    const sentences = cut === 1 ? '1 sentence was' : `${cut} sentences were`;
    warnings.add(`${sentences} longer than the models read at once; each was read in parts.`);
  }
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  if (latin * 2 < letters) {
    warnings.add('Most of the note is not in Latin letters; the models were made for English.');
  }
  return [...warnings];
}
