// Where a comma stands for a line break, as in notes whose lines were joined on export:
// after a heading (`PLAN:,  Rest.`), between the end of one line and the start of the next
// (`Clear.,Neck:`), or before a heading or a numbered item.
//
// The comma is looked for before what stands in front of it, or long runs of blanks would cost
// their length squared.
const COMMA_FOR_BREAK = [
  /(?=,)(?<=:[ \t]*)(?:,[ \t]*)+/g,
  // A comma in a sentence, even behind `b.i.d.`, has a space after it or a small letter.
  /(?=,)(?<=[.?!)"'][ \t]*),(?=[^\s\p{Ll}])/gu,
  /,(?=[A-Z][A-Z /&]{3,60}:)/g,
  /(?<=[^\d,]),(?=\d{1,2}\.[ \t])/g,
];

/** Line breaks of other systems. */
const OTHER_BREAK = /\r(?!\n)|[\u2028\u2029]/g;

/**
 * The text with such commas, and the line breaks of other systems, as `\n`. Nothing moves: an
 * index into the one is an index into the other.
 */
export function restoreLineBreaks(text: string): string {
  return COMMA_FOR_BREAK.reduce(
    (lines, pattern) => lines.replace(pattern, (commas) => commas.replaceAll(',', '\n')),
    text.replace(OTHER_BREAK, '\n'),
  );
}
