import { invalidField } from '@app/common';
import type { EdgeRequest } from '../../http/adapter/exchange.js';

/** Segments of a plain path below the console: nothing a browser could read as another host. */
const CONSOLE_PATH = /^\/console(?:\/[\w~-][\w.~-]*)*\/?$/;
const LONGEST = 512;

/** A URL's query as it was sent, without `?`. */
export function queryOf({ url = '' }: Pick<EdgeRequest, 'url'>): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}

/**
 * Where a sign-in is to end up; null when it does not say.
 * @throws DomainError VALIDATION_ERROR for anything but a path of the console,
 * since a link to sign in here must not lead on to somewhere else
 */
export function returnPath(query: string): string | null {
  const wished = new URLSearchParams(query).getAll('return_to');
  const [path] = wished;
  if (path === undefined) return null;
  if (wished.length === 1 && path.length <= LONGEST && CONSOLE_PATH.test(path)) return path;
  throw invalidField(
    'return_to',
    'not_allowed',
    'return_to must be a path of the console, such as /console/models, without query; correct it or leave it out.',
  );
}
