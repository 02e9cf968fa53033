import { RowFault } from './row-fault.js';
import type { RowEnd } from './row-splitter.js';

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const COMMA = 0x2c;

type Place =
  /** Nothing of the field has been read. */
  | 'start'
  /** In a field without quotes around it; quotes within stand for themselves. */
  | 'plain'
  | 'quoted'
  /** After a quote in a quoted field: its end, or the first half of a written quote. */
  | 'after-quote';

/** Rows by RFC 4180: a line feed ends a row unless it stands in a quoted field. */
export class CsvRowEnd implements RowEnd {
  private place: Place = 'start';

  find(bytes: Buffer, from: number): number {
    let place = this.place;
    for (let at = from; at < bytes.length; at++) {
      if (place === 'quoted') {
        at = bytes.indexOf(QUOTE, at);
        if (at === -1) break;
        place = 'after-quote';
        continue;
      }
      const byte = bytes[at];
      if (byte === LF) {
        this.place = 'start';
        return at;
      }
      if (byte === COMMA) place = 'start';
      else if (byte === QUOTE && place !== 'plain') place = 'quoted';
      else if (place === 'start') place = 'plain';
      else if (place === 'after-quote' && byte !== CR) throw textAfterQuote();
    }
    this.place = place;
    return -1;
  }

  endOfFile(): void {
    if (this.place === 'quoted') {
      throw new RowFault(
        'open_quote',
        'opens a quote that is never closed. Close it, or write a quote that belongs to the text twice.',
      );
    }
  }
}

export function textAfterQuote(): RowFault {
  return new RowFault(
    'text_after_quote',
    'has text after a closing quote. Write a quote that belongs to the text twice, and no spaces around quotes.',
  );
}
