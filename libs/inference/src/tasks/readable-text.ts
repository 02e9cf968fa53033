import { invalidField, type DomainError } from '@app/common';
import type { RawInput } from './task.js';

// White space, control and format characters, private use, lone surrogates, marks on nothing.
const READABLE = /[^\s\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{M}\ufffd]/u;

/** Whether a model would see anything of this text. */
export function isReadable(text: string): boolean {
  return READABLE.test(text);
}

/** @throws DomainError VALIDATION_ERROR on `text` when there is nothing in it to read. */
export function requireReadableText(text: string): void {
  if (!isReadable(text)) {
    throw invalidField('text', 'blank', 'The text is blank; give at least one readable character.');
  }
}

/** For tasks that judge the text as a whole. @throws DomainError VALIDATION_ERROR on `entity`. */
export function requireNoEntity(raw: RawInput): void {
  if (raw.entity !== undefined) throw unexpectedEntity();
}

function unexpectedEntity(): DomainError {
  return invalidField(
    'entity',
    'unexpected',
    'This model judges the whole text and takes no entity; leave it out.',
  );
}
