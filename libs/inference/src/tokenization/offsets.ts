import { invalidField } from '@app/common';
import type { Span } from './tokenizer.js';

/** What the offsets of requests and answers count: Unicode code points, or UTF-16 code units. */
export type OffsetUnit = 'codepoint' | 'utf16';

const SURROGATE = /[\ud800-\udfff]/;

/** Length of a text in the given unit. A lone surrogate counts as one code point. */
export function lengthIn(text: string, unit: OffsetUnit): number {
  return unit === 'utf16' || !SURROGATE.test(text) ? text.length : countCodePoints(text);
}

/**
 * A caller's span as a span of JavaScript string indices.
 * @throws DomainError VALIDATION_ERROR naming `<field>.start` or `<field>.end`, unless
 * both are integers with 0 <= start < end <= length and neither splits a character.
 */
export function spanFromCaller(text: string, span: Span, unit: OffsetUnit, field: string): Span {
  const { start, end } = span;
  for (const [name, offset] of [
    ['start', start],
    ['end', end],
  ] as const) {
    if (!Number.isSafeInteger(offset)) {
      throw invalidField(`${field}.${name}`, 'integer', `${field}.${name} must be a whole number.`);
    }
  }
  if (start < 0) {
    throw invalidField(`${field}.start`, 'out_of_range', `${field}.start must be 0 or more.`);
  }
  if (end <= start) {
    throw invalidField(
      `${field}.end`,
      'out_of_range',
      `${field}.end must be greater than ${field}.start; the end is exclusive.`,
    );
  }
  const length = lengthIn(text, unit);
  if (end > length) {
    const counted = unit === 'utf16' ? 'UTF-16 code units' : 'Unicode code points';
    throw invalidField(
      `${field}.end`,
      'out_of_range',
      `${field}.end must be ${length} at most, the length of the text in ${counted}.`,
    );
  }
  if (unit === 'utf16') {
    for (const [name, offset] of [
      ['start', start],
      ['end', end],
    ] as const) {
      if (splitsCharacter(text, offset)) {
        throw invalidField(
          `${field}.${name}`,
          'splits_character',
          `${field}.${name} stands between the two halves of a surrogate pair.`,
        );
      }
    }
    return { start, end };
  }
  // Without surrogates both units count the same.
  if (length === text.length) return { start, end };
  const from = indexAfter(text, 0, start);
  return { start: from, end: indexAfter(text, from, end - start) };
}

/** Spans of string indices, ascending and not overlapping, in the caller's unit; one pass over the text. */
export function spansForCaller(text: string, spans: readonly Span[], unit: OffsetUnit): Span[] {
  if (unit === 'utf16' || !SURROGATE.test(text))
    return spans.map(({ start, end }) => ({ start, end }));
  const converted: Span[] = [];
  let index = 0;
  let count = 0;
  const advance = (to: number): number => {
    while (index < to) {
      index += characterWidth(text, index);
      count++;
    }
    return count;
  };
  for (const { start, end } of spans) converted.push({ start: advance(start), end: advance(end) });
  return converted;
}

/** Whether this index lies between the halves of a surrogate pair. */
export function splitsCharacter(text: string, index: number): boolean {
  return index > 0 && characterWidth(text, index - 1) === 2;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i += characterWidth(text, i)) count++;
  return count;
}

function indexAfter(text: string, from: number, codePoints: number): number {
  let index = from;
  for (let i = 0; i < codePoints; i++) index += characterWidth(text, index);
  return index;
}

function characterWidth(text: string, index: number): number {
  const high = (text.charCodeAt(index) & 0xfc00) === 0xd800;
  return high && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00 ? 2 : 1;
}
