import { invalidField, type DomainError } from '@app/common';
import type { Span } from '../../tokenization/tokenizer.js';
import { isReadable } from '../readable-text.js';

/** A text without its markers, and where the entity stands in it (string indices). */
export interface UnmarkedText {
  readonly text: string;
  readonly entity: Span;
}

/**
 * Takes the markers out of `… [entity] X [entity] …`. Each goes together with one white
 * space character, if one stands next to it on the entity's side, so that
 * `a [entity] X [entity] b` becomes `a X b` and `(a[entity]X[entity])` becomes `(aX)`.
 * The entity is what then stands between them, less white space at its ends.
 * Undefined when the text has no marker.
 * @throws DomainError VALIDATION_ERROR on `text` unless there are exactly two with
 * readable text between them.
 */
export function removeMarkers(marked: string, marker: string): UnmarkedText | undefined {
  const first = marked.indexOf(marker);
  if (first === -1) return undefined;
  const afterFirst = first + marker.length;
  const second = marked.indexOf(marker, afterFirst);
  if (second === -1 || marked.includes(marker, second + marker.length)) {
    throw invalidMarkers(
      `Put the marker ${marker} exactly twice, once on each side of the entity.`,
    );
  }
  const between = marked.slice(afterFirst, second);
  if (!isReadable(between)) {
    throw invalidMarkers(`The entity between the markers ${marker} is blank.`);
  }
  const from = /^\s/.test(between) ? afterFirst + 1 : afterFirst;
  const to = /\s$/.test(between) ? second - 1 : second;
  const inner = marked.slice(from, to);
  const start = first + (inner.length - inner.trimStart().length);
  return {
    text: marked.slice(0, first) + inner + marked.slice(second + marker.length),
    entity: { start, end: start + inner.trim().length },
  };
}

function invalidMarkers(message: string): DomainError {
  return invalidField('text', 'entity_markers', message);
}
