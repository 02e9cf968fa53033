import { DomainError } from '@app/common';

/**
 * What may be stored of an error: its kind. Texts may quote patients' words, and
 * characters that Postgres does not take would keep the entry from being stored at all.
 */
export function sanitised(error: unknown): Error {
  const name = error instanceof DomainError ? error.code : nameOf(error);
  const safe = new Error(name.replace(/[^\w .:-]/g, '?').slice(0, 100));
  safe.stack = undefined;
  return safe;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return 'Error';
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.name : `${error.name} ${code}`;
}
