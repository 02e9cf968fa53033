import { ADDRESS_RULES } from './address-rules.js';
import { IDENTIFIER_RULES } from './identifier-rules.js';
import { applyRules } from './rule.js';
import { SECRET_RULES } from './secret-rules.js';

const ENCODED = /%[\da-f]{2}/i;
// From the start of a word only: else a long one would be read again from each of its letters.
const ENCODED_WORDS = /(?<![^\s"'<>])[^\s"'<>%]*%[^\s"'<>]*/g;

export interface MaskingOptions {
  /** Also masks IP addresses. */
  readonly addresses?: boolean;
}

/** Without any of these no rule can match. */
const SUSPICIOUS =
  /[\d@:="'_%]|-----|eyJ|bearer|basic|patient|m(?:r|s|iss)\b|dr\b|prof|JSON|Key \(|ailing row/i;

/** Ids that this service makes, and those of traces: they tell nothing of anybody. */
const OWN_IDS =
  /(?<![\dA-Za-z])([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}|req-[\da-z]{6,12}-[\da-f]{16}|[\da-f]{64}|[\da-f]{32})(?![\dA-Za-z])/;
const MAY_HOLD_OWN_ID = /[\da-f]{16}|[\da-f]{8}-[\da-f]{4}-/;

/**
 * A text without what tells who somebody is or opens a door: e-mail, phone,
 * card, record, insurance and other long numbers, dates, street addresses,
 * tokens, keys and passwords, and values behind names that say they are such.
 * Rather masks too much than too little; our own ids, versions, measured
 * values and times of the service stay readable. It cannot see a name that
 * stands in a text without any sign of it: keep words of patients out of logs.
 */
export function maskText(text: string, options: MaskingOptions = {}): string {
  if (!SUSPICIOUS.test(text)) return text;
  const legible = ENCODED.test(text)
    ? text.replace(ENCODED_WORDS, (word) => opened(word, options))
    : text;
  const open = applyRules(SECRET_RULES, legible);
  if (!MAY_HOLD_OWN_ID.test(open)) return withoutIdentifiers(open, options);
  // Odd parts are what the pattern captured.
  return open
    .split(OWN_IDS)
    .map((part, i) => (i % 2 === 1 ? part : withoutIdentifiers(part, options)))
    .join('');
}

/** A word of a URL: as it was when it hides nothing, else decoded and masked. */
function opened(word: string, options: MaskingOptions): string {
  const plain = word.replace(/(?:%[\da-f]{2})+/gi, decoded);
  if (plain === word) return word;
  const masked = maskText(plain, options);
  return masked === plain ? word : masked;
}

function decoded(escapes: string): string {
  try {
    return decodeURIComponent(escapes);
  } catch {
    return escapes;
  }
}

function withoutIdentifiers(text: string, { addresses = false }: MaskingOptions): string {
  const masked = applyRules(IDENTIFIER_RULES, text);
  return addresses ? applyRules(ADDRESS_RULES, masked) : masked;
}
