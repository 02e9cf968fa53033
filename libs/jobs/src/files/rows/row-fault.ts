import { DomainError } from '@app/common';

/** What is wrong with a row, in words that follow "rows[3] (line 5) ". Never quotes the row. */
export class RowFault extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * The fault as the caller sees it.
 * @param row 0-based, as in results @param line 1-based, as editors count
 */
export function rowError(row: number, line: number, fault: RowFault): DomainError {
  const field = `rows[${row}]`;
  const message = `${field} (line ${line}) ${fault.message}`;
  return new DomainError('VALIDATION_ERROR', message, {
    fields: [{ field, code: fault.code, message }],
    details: { row, line },
  });
}

/** The file as a whole is not what it should be. */
export function fileError(code: string, message: string): DomainError {
  return new DomainError('VALIDATION_ERROR', message, {
    fields: [{ field: 'file', code, message }],
  });
}
