import type { Span } from '@app/inference';
import { escaped } from './markdown.js';

/** Characters shown on either side of an entity. */
const CONTEXT = 90;

/**
 * A stretch of a text around a span, which stands in bold; of a text without one its start.
 * @param span string indices
 */
export function excerpt(text: string, span?: Span): string {
  if (!span) {
    return text.length > 2 * CONTEXT ? `${escaped(text.slice(0, 2 * CONTEXT))}…` : escaped(text);
  }
  const from = Math.max(0, span.start - CONTEXT);
  const to = Math.min(text.length, span.end + CONTEXT);
  return [
    from > 0 ? '…' : '',
    escaped(text.slice(from, span.start)),
    `**${escaped(text.slice(span.start, span.end))}**`,
    escaped(text.slice(span.end, to)),
    to < text.length ? '…' : '',
  ].join('');
}
