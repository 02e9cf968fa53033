import { maskText } from '@app/observability';

/** How routes, versions, models and our ids are written; names of people are not. */
const HARMLESS = /^[a-z\d][a-z\d._~:-]{0,127}$/;

/**
 * The path of a request as an answer or a log may repeat it: segments that
 * could hold somebody's name or number are left out.
 */
export function instancePath(url: string): string {
  const path = url.split('?', 1)[0] ?? '/';
  return path
    .split('/', 32)
    .map((segment) => {
      if (segment === '') return segment;
      return HARMLESS.test(segment) && maskText(segment) === segment ? segment : 'redacted';
    })
    .join('/');
}
