import { invalidField } from '@app/common';
import type { RawInput } from '@app/inference';
import type { EntityOffsets } from './predict.dto.js';

/** What the DTOs of one input have in common. */
export interface InputFields {
  readonly sentence?: string;
  readonly text?: string;
  readonly entity?: string | EntityOffsets;
}

/**
 * The input in the library's terms. `sentence` and `text` name the same thing.
 * @param at where the input stands in the request: `sentences[3]`, or empty
 */
export function toRawInput(fields: InputFields, at: string): RawInput {
  const { sentence, text, entity } = fields;
  const given = sentence ?? text;
  if (given === undefined || (sentence !== undefined && text !== undefined)) {
    const field = under(at, 'sentence');
    throw given === undefined
      ? invalidField(
          field,
          'required',
          `${field} is missing. Send the text in "sentence" (or "text").`,
        )
      : invalidField(field, 'ambiguous', `${field} and "text" are both given. Send one of them.`);
  }
  return { text: given, entity };
}

/** What the caller calls a task's field of this input. */
export function callersName(input: InputFields | string, at: string, field: string): string {
  if (typeof input === 'string') return at;
  return under(at, field === 'text' && input.text === undefined ? 'sentence' : field);
}

function under(at: string, field: string): string {
  return at === '' ? field : `${at}.${field}`;
}
