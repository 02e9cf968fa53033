import { invalidField } from '@app/common';
import type { ModelManifest } from '@app/model-registry';
import { spansForCaller, type OffsetUnit } from '../../tokenization/offsets.js';
import type { Encoding, Span } from '../../tokenization/tokenizer.js';
import { argmax, softmax } from '../class-probabilities.js';
import { requireSoundOutput, truncationWarning } from '../model-output.js';
import { requireReadableText } from '../readable-text.js';
import type { PredictionBase, PredictOptions, RawInput, Task, TaskModel } from '../task.js';
import { assertionLabels, type AssertionLabel } from './assertion-label.js';
import { removeMarkers } from './entity-markers.js';
import { findEntity } from './entity-span.js';

export interface AssertionInput {
  /** As received, without markers. */
  readonly text: string;
  /** String indices into `text`; absent when the sentence is judged by its main finding. */
  readonly entity?: Span;
  readonly offsetUnit: OffsetUnit;
  readonly warnings: readonly string[];
}

export interface AssertionPrediction extends PredictionBase {
  readonly label: AssertionLabel;
  /** Calibrated probability of the label, 0–1. */
  readonly score: number;
  /** The class as the model itself names it. */
  readonly modelLabel: string;
  readonly probabilities: Readonly<Record<string, number>>;
  /** What was judged; offsets in the unit asked for, into the text without markers. */
  readonly entity?: { readonly text: string; readonly start: number; readonly end: number };
}

/** Is a finding named in a sentence present, absent or possible? */
export const assertionTask: Task<AssertionInput, AssertionPrediction> = {
  name: 'assertion',

  reduction(manifest) {
    assertionLabels(manifest);
    markerOf(manifest);
    return { kind: 'row' };
  },

  parse(raw: RawInput, options: PredictOptions, model: TaskModel): AssertionInput {
    const offsetUnit = options.offsetUnit ?? 'codepoint';
    requireReadableText(raw.text);
    const unmarked = removeMarkers(raw.text, markerOf(model.manifest));
    if (raw.entity === undefined) return { text: raw.text, ...unmarked, offsetUnit, warnings: [] };
    if (unmarked !== undefined) {
      throw invalidField(
        'entity',
        'entity_twice',
        'The text already marks an entity; give either the markers or the entity field.',
      );
    }
    const { span, warnings } = findEntity(raw.text, raw.entity, offsetUnit);
    return { text: raw.text, entity: span, offsetUnit, warnings };
  },

  prepare(input: AssertionInput, options: PredictOptions, model: TaskModel): Encoding {
    return model.tokenizer.encode(input.text, {
      maxTokens: model.maxTokens,
      overflow: options.truncate === true ? 'window' : 'refuse',
      entity: input.entity,
    });
  },

  finish(
    output: Float32Array,
    input: AssertionInput,
    encoding: Encoding,
    { manifest, maxTokens }: TaskModel,
  ): AssertionPrediction {
    requireSoundOutput(output, manifest.labels.length);
    const labels = assertionLabels(manifest);
    const probabilities = softmax(output, manifest.calibration.temperature);
    const best = argmax(probabilities);
    const kept = input.entity === undefined ? 'its start' : 'the part around the entity';
    return {
      label: labels[best] ?? 'PRESENT',
      score: probabilities[best] ?? 0,
      modelLabel: manifest.labels[best] ?? '',
      probabilities: Object.fromEntries(labels.map((label, i) => [label, probabilities[i] ?? 0])),
      warnings: encoding.truncated
        ? [...input.warnings, truncationWarning(maxTokens, kept)]
        : input.warnings,
      ...(input.entity && { entity: entityForCaller(input.text, input.entity, input.offsetUnit) }),
    };
  },
};

function entityForCaller(text: string, span: Span, unit: OffsetUnit) {
  const [converted = span] = spansForCaller(text, [span], unit);
  return { text: text.slice(span.start, span.end), ...converted };
}

function markerOf(manifest: ModelManifest): string {
  if (manifest.entityMarker === undefined || manifest.entityMarker === '') {
    throw new Error(
      `${manifest.name}@${manifest.version}: an assertion model needs an entityMarker`,
    );
  }
  return manifest.entityMarker;
}
