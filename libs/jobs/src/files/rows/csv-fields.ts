import { textAfterQuote } from './csv-row-end.js';

/** The fields of one CSV row by RFC 4180. @throws RowFault */
export function csvFields(row: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    const quoted = row.charAt(at) === '"';
    const end = quoted ? endOfQuoted(row, at) : endOfPlain(row, at);
    const field = quoted ? row.slice(at + 1, end - 1).replaceAll('""', '"') : row.slice(at, end);
    fields.push(field);
    if (end === row.length) return fields;
    if (row.charAt(end) !== ',') throw textAfterQuote();
    at = end + 1;
  }
}

function endOfPlain(row: string, from: number): number {
  const comma = row.indexOf(',', from);
  return comma === -1 ? row.length : comma;
}

/** One past the closing quote. */
function endOfQuoted(row: string, opening: number): number {
  for (let at = row.indexOf('"', opening + 1); at !== -1; at = row.indexOf('"', at + 2)) {
    if (row.charAt(at + 1) !== '"') return at + 1;
  }
  throw textAfterQuote();
}
