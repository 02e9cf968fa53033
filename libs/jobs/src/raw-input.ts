import { invalidField } from '@app/common';

/** One input of a job as its caller writes it: a text, or an object as the model routes take. */
export type RawInputJson =
  | string
  | {
      readonly text?: string;
      readonly sentence?: string;
      readonly entity?: string | { readonly start: number; readonly end: number };
    };

/** The same in the terms of the inference library. */
export interface JobInput {
  readonly text: string;
  readonly entity?: string | { readonly start: number; readonly end: number };
}

/**
 * Checks the form of an input, wherever it comes from.
 * @throws DomainError VALIDATION_ERROR naming `text` or `entity`
 */
export function jobInputOf(raw: unknown): JobInput {
  if (typeof raw === 'string') return { text: raw };
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw invalidField(
      'text',
      'wrong_type',
      'An input must be a text or an object with a field "text" (or "sentence").',
    );
  }
  const { text, sentence, entity } = raw as Readonly<Record<string, unknown>>;
  if (text !== undefined && sentence !== undefined) {
    throw invalidField('text', 'ambiguous', '"text" and "sentence" are both given; send one.');
  }
  const given = text ?? sentence;
  if (typeof given !== 'string') {
    throw invalidField('text', 'required', 'The field "text" (or "sentence") must be a string.');
  }
  if (entity === undefined || entity === null) return { text: given };
  if (!isEntity(entity)) {
    throw invalidField(
      'entity',
      'wrong_type',
      'The entity must be a text or an object with the integers "start" and "end".',
    );
  }
  return { text: given, entity };
}

function isEntity(value: unknown): value is NonNullable<JobInput['entity']> {
  if (typeof value === 'string') return true;
  if (typeof value !== 'object' || value === null) return false;
  const { start, end } = value as Readonly<Record<string, unknown>>;
  return Number.isInteger(start) && Number.isInteger(end);
}
