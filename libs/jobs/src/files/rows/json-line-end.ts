import type { RowEnd } from './row-splitter.js';

const LF = 0x0a;

/** JSON has no line feeds within a line: each one ends a row. */
export const JSON_LINE_END: RowEnd = {
  find: (bytes, from) => bytes.indexOf(LF, from),
  endOfFile: () => undefined,
};
