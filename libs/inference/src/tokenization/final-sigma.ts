const CAPITAL_SIGMA = '\u03a3';
// What cleaning removes: one code unit each, and the private characters of two.
const REMOVED = /(?![\t\n\r])[\p{Cc}\ue000-\uf8ff\p{Cs}\ufffd]/gu;
const REMOVED_PAIRS = /(?=\p{Co})[\u{10000}-\u{10ffff}]/gu;
// Does not count as a neighbour: keeps the place of a removed character.
const SOFT_HYPHEN = '\u00ad';

/**
 * Lower-cases each capital sigma of a text, and nothing else; the length stays. Sigma is
 * the one letter whose lower case depends on its neighbours (σ inside a word, ς at its
 * end), and they may stand beyond a full stop or an apostrophe, in another WordPiece word.
 */
export function lowerSigmas(text: string, cleanText: boolean): string {
  if (!text.includes(CAPITAL_SIGMA)) return text;
  const cleaned = cleanText
    ? text.replace(REMOVED, SOFT_HYPHEN).replace(REMOVED_PAIRS, SOFT_HYPHEN.repeat(2))
    : text;
  // U+0130 is the one character whose lower case has another length.
  const lowered = cleaned.replaceAll('\u0130', 'I').toLowerCase();
  const units = Buffer.from(text, 'utf16le');
  for (let at = text.indexOf(CAPITAL_SIGMA); at !== -1; at = text.indexOf(CAPITAL_SIGMA, at + 1)) {
    units.writeUInt16LE(lowered.charCodeAt(at), 2 * at);
  }
  return units.toString('utf16le');
}
