import { isNpi, holdsCardNumber } from './check-digits.js';
import { kindOfKey } from './masked-keys.js';
import type { KeyKind } from './masked-keys.js';
import { maskText } from './mask-text.js';
import type { MaskingOptions } from './mask-text.js';

const REDACTED = '[redacted]';
const DEEPEST = 16;
const LONGEST_TEXT = 16_384;
/** Longer than any identifier, so that none is cut in two before it is seen. */
const MARGIN = 512;
/** Fewer numbers than these say nothing as the bytes of a text. */
const FEWEST_BYTES = 8;

/** Request, trace and span ids and UUIDs; versions, with or without their model; times of the service. */
const OWN_FORM = new RegExp(
  [
    String.raw`(?=\d*[a-f])[\da-f]{16}|[\da-f]{32}|req-[\da-z]{6,12}-[\da-f]{16}`,
    String.raw`[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}`,
    String.raw`(?:[a-z][\w.-]{0,60}@)?v?(?:\d{1,4}(?:\.\d{1,3}){0,3}|20[2-9]\d[01]\d[0-3]\d)`,
    String.raw`20[2-9]\d-\d\d-\d\dT[\d:.]{5,12}Z`,
  ]
    .map((form) => `^(?:${form})$`)
    .join('|'),
);
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Of models, probes and files: in small letters. Kinds of errors say that they are. */
const NAME_OF_A_THING =
  /^(?:[a-z][a-z\d]*(?:[-_./@:][a-z\d][a-z\d.]*)*|[A-Z]\w{0,60}(?:Error|Exception))$/;
const NAME_OF_A_MACHINE = /^[\w.:[\]/-]{0,255}$/;
const PEOPLE: ReadonlySet<string> = new Set([
  'user',
  'person',
  'practitioner',
  'doctor',
  'physician',
  'clinician',
  'subject',
  'author',
]);
const PLAIN_KEY = /^[A-Za-z_$][A-Za-z_$.-]*$/;
const ODD_KEY = /[^\w$.:@/[\]-]/;

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * Masks one log entry, a JSON object, as its last step before it is written.
 * @returns the same text when there was nothing to mask
 */
export class EntryMask {
  private replaced = 0;

  constructor(private readonly options: MaskingOptions = {}) {}

  line(json: string): string {
    let entry: Json;
    try {
      entry = JSON.parse(json) as Json;
    } catch {
      return `${JSON.stringify({ level: 'error', time: new Date().toISOString(), msg: 'a log entry was left out: it could not be read to be masked' })}\n`;
    }
    const before = this.replaced;
    const masked = this.value(entry, 'other', false, 0);
    return this.replaced > before ? `${JSON.stringify(masked)}\n` : json;
  }

  private value(value: Json, kind: KeyKind, ofPerson: boolean, depth: number): Json {
    if (value === null || typeof value === 'boolean') return value;
    if (kind === 'secret') return this.redacted();
    if (typeof value === 'number') {
      return kind === 'other' || kind === 'name' ? this.number(value) : value;
    }
    if (kind === 'words') {
      return typeof value === 'string' && UUID.test(value) ? value : this.redacted();
    }
    if (typeof value === 'string') return this.string(value, kind, ofPerson);
    if (depth === DEEPEST || kind === 'address') return this.redacted();
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        value[i] = this.value(value[i] ?? null, kind, ofPerson, depth + 1);
      }
      return value;
    }
    return this.object(value, ofPerson, depth);
  }

  private object(object: { [key: string]: Json }, ofPerson: boolean, depth: number): Json {
    const keys = Object.keys(object);
    if (keys.length >= FEWEST_BYTES && keys[0] === '0' && typeof object['0'] === 'number') {
      return this.redacted();
    }
    for (const key of keys) {
      const before = object[key] ?? null;
      const person = ofPerson || PEOPLE.has(key);
      const after = this.value(before, kindOfKey(key), person, depth + 1);
      const shownKey = PLAIN_KEY.test(key) ? key : this.key(key);
      if (shownKey !== key) {
        Reflect.deleteProperty(object, key);
        object[shownKey] = after;
      } else if (after !== before) object[key] = after;
    }
    return object;
  }

  /** A key may be data: of counts by caller, say. */
  private key(key: string): string {
    const shown = ODD_KEY.test(key) ? '[key]' : maskText(key, this.options);
    if (shown !== key) this.replaced++;
    return shown;
  }

  private string(text: string, kind: KeyKind, ofPerson: boolean): string {
    if (kind === 'own' && OWN_FORM.test(text)) return text;
    if (kind === 'name' && (ofPerson || !NAME_OF_A_THING.test(text))) return this.redacted();
    if (kind === 'address' && !NAME_OF_A_MACHINE.test(text)) return this.redacted();
    const long = text.length > LONGEST_TEXT;
    const masked = maskText(long ? text.slice(0, LONGEST_TEXT + MARGIN) : text, this.options);
    if (!long && masked === text) return text;
    this.replaced++;
    return long ? `${masked.slice(0, LONGEST_TEXT)}… [cut]` : masked;
  }

  /** What could be a card, a phone, an insurance or a provider number. */
  private number(value: number): number | string {
    if (!Number.isSafeInteger(value) || value < 1e8) return value;
    const digits = String(value);
    const suspect =
      digits.length === 9 ||
      (digits.length === 10 && (/^[2-9]\d\d[2-9]/.test(digits) || isNpi(digits))) ||
      (digits.length === 11 && /^1[2-9]\d\d[2-9]/.test(digits)) ||
      (digits.length >= 13 && holdsCardNumber(digits));
    return suspect ? this.redacted() : value;
  }

  private redacted(): string {
    this.replaced++;
    return REDACTED;
  }
}
