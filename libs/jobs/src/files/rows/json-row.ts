import { DomainError } from '@app/common';
import { jobInputOf, type JobInput } from '../../raw-input.js';
import { RowFault } from './row-fault.js';
import { rowText } from './row-text.js';

/**
 * An input from a line of JSONL: a string, or an object with `text` (or
 * `sentence`) and perhaps `entity`; other fields are the caller's own.
 * @throws RowFault
 */
export function jsonRow(bytes: Buffer): JobInput {
  const value = parsed(rowText(bytes));
  try {
    return jobInputOf(value);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    throw new RowFault(error.fields?.[0]?.code ?? 'wrong', `is no input: ${error.message}`);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RowFault('not_json', 'is not valid JSON. Write one JSON object or string a line.');
  }
}
