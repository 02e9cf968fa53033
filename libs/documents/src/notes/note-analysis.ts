import type { ItemPrediction, OffsetUnit, Span } from '@app/inference';
import type { ModelManifest } from '@app/model-registry';

export interface NoteRequest {
  readonly text: string;
  /** Types of entities that are asserted; `PROBLEM` alone if left out. */
  readonly assertionTypes?: readonly string[];
  /** What offsets of the answer count. Default: Unicode code points. */
  readonly offsetUnit?: OffsetUnit;
}

/** From one heading to the next, the heading included. */
export interface NoteSection extends Span {
  /** As it stands in the note, without the colon; null for what comes before the first heading. */
  readonly title: string | null;
}

/** A stretch the models read as one; a heading belongs to the sentence that follows it. */
export interface NoteSentence extends Span {
  /** Index of its section. */
  readonly section: number;
}

export interface NoteEntity extends Span {
  readonly text: string;
  readonly type: string;
  /** 0–1. */
  readonly score: number;
  /** Index of its sentence. */
  readonly sentence: number;
  /** Null for types that were not to be asserted. */
  readonly assertion: EntityAssertion | null;
}

export interface EntityAssertion {
  readonly label: string;
  /** Calibrated probability of the label, 0–1. */
  readonly score: number;
  readonly predictionId: string;
}

/** A note as a record: in order of the text, offsets in the unit asked for. */
export interface NoteAnalysis {
  readonly sections: readonly NoteSection[];
  readonly sentences: readonly NoteSentence[];
  readonly entities: readonly NoteEntity[];
  readonly models: { readonly entities: ModelManifest; readonly assertion: ModelManifest };
  /** Every prediction made for it. */
  readonly predictions: readonly ItemPrediction[];
  readonly warnings: readonly string[];
}
