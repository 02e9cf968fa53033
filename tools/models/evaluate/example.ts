import { SetupError } from '@app/common';
import type { TypedSpan } from './span-figures.js';

/** Where an example stands, to name it in messages. */
interface Placed {
  /** `test.jsonl:12`. */
  readonly place: string;
  readonly text: string;
  /** What the text was taken from; texts of one note are drawn together for intervals. */
  readonly note?: string;
  /** By what answers may be sorted. */
  readonly section?: string;
  readonly source?: string;
}

/** A text (with a marked entity, where the task has one) and its right label. */
export interface ClassExample extends Placed {
  /** Code points. */
  readonly entity?: { readonly start: number; readonly end: number };
  readonly label: string;
  readonly cue?: string;
  /** Set for a behavioural case: the ability it tests. */
  readonly capability?: string;
  /** `minimal pair`, `invariance`, … */
  readonly kind?: string;
  /** Cases that belong together, such as the two of a minimal pair. */
  readonly group?: string;
}

/** A text and all spans that are to be found in it; code points. */
export interface SpanExample extends Placed {
  readonly entities: readonly TypedSpan[];
}

/** @throws SetupError naming the line and the form it must have */
export function parseClassExample(line: string, place: string): ClassExample {
  const value = fieldsOf(line, place);
  const { text, entity, label } = value;
  if (
    typeof text === 'string' &&
    typeof label === 'string' &&
    (entity === undefined || entity === null || isSpan(entity))
  ) {
    return {
      place,
      text,
      label,
      ...(isSpan(entity) && { entity: { start: entity.start, end: entity.end } }),
      ...strings(value, ['note', 'section', 'source', 'cue', 'capability', 'kind', 'group']),
    };
  }
  throw wrongForm(place, '{"text", "entity"?: {"start", "end"}, "label"}');
}

/** @throws SetupError naming the line and the form it must have */
export function parseSpanExample(line: string, place: string): SpanExample {
  const value = fieldsOf(line, place);
  const { text, entities } = value;
  if (typeof text === 'string' && Array.isArray(entities) && entities.every(isTypedSpan)) {
    const spans = entities.map(({ start, end, label }) => ({ start, end, label }));
    return { place, text, entities: spans, ...strings(value, ['note', 'section', 'source']) };
  }
  throw wrongForm(place, '{"text", "entities": [{"start", "end", "label"}]}');
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(line: string, place: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  if (isFields(value)) return value;
  throw wrongForm(place, 'a JSON object');
}

function strings<Name extends string>(
  value: Fields,
  names: readonly Name[],
): Partial<Record<Name, string>> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const field = value[name];
    if (typeof field === 'string' && field !== '') found[name] = field;
    else if (typeof field === 'number') found[name] = String(field);
  }
  return found;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSpan(value: unknown): value is { start: number; end: number } {
  return isFields(value) && Number.isInteger(value['start']) && Number.isInteger(value['end']);
}

function isTypedSpan(value: unknown): value is TypedSpan {
  return isSpan(value) && 'label' in value && typeof value.label === 'string';
}

function wrongForm(place: string, form: string): SetupError {
  return new SetupError(`${place} must be ${form}, offsets in code points`);
}
