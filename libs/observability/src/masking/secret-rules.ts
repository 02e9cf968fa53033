import type { Rule } from './rule.js';

/** Keys after which a text, too, holds what must not be shown: `password=…`, `"sentence": "…"`. */
const KEYS = [
  String.raw`(?:patient|first|middle|last|full|given|family|maiden|user)[_\s-]?name`,
  String.raw`patient(?:[_\s-]?id)?|surname|forename|mrn|ssn|mbi|npi|dob|cvv|pin`,
  String.raw`social[_\s-]?security(?:[_\s-]?(?:number|no))?|medical[_\s-]?record(?:[_\s-]?(?:number|no))?`,
  String.raw`date[_\s-]?of[_\s-]?birth|birth[_\s-]?(?:date|day)|(?:e-?)?mail(?:[_\s-]?address)?`,
  String.raw`(?:tele|cell)?phone(?:[_\s-]?(?:number|no))?|mobile|fax|(?:home|street|postal)[_\s-]?address`,
  String.raw`(?:[a-z]{1,20}[_-]?)?(?:password|passphrase|secret)|passwd|pwd|api[_-]?key|x-api-key`,
  String.raw`(?:access|refresh|id|session)[_-]?token|private[_-]?key|encryption[_-]?key`,
  String.raw`(?:proxy-)?authorization|(?:set-)?cookie|credentials?|x-access-reason`,
].join('|');
/** In words of a log these mean other things; as quoted keys of data they do not. */
const QUOTED_KEYS =
  'texts?|sentences?|inputs?|entity|notes?|body|prompt|content|history|given|family|token|address|city|zip';
// What is quoted ends with its quote, however often it was escaped; lists and objects, whose end
// no pattern can tell, with the text; anything else with its clause.
const VALUE = String.raw`(?:"(?:[^"\\]|\\[^])*|\\{1,8}"(?:[^"\\]|\\[^"])*|'[^']*|[[{][^]*|[^\s,;&"'}\])][^,;&"'\n}\])]*)`;

/** What opens doors, and what stands behind a name that says what it is. */
export const SECRET_RULES: readonly Rule[] = [
  {
    hint: '-----BEGIN',
    pattern: /-----BEGIN [A-Z ]{1,40}-----[^]*?(?:-----END [A-Z ]{1,40}-----|$)/g,
    replace: () => '[pem]',
  },
  {
    hint: /[:=]/,
    pattern: new RegExp(
      String.raw`(?<![A-Za-z\d])((?:${KEYS})\\{0,8}["']?\s{0,4}[:=]\s{0,4})(?!\[redacted\])${VALUE}`,
      'gi',
    ),
    replace: (_, key) => `${key ?? ''}[redacted]`,
  },
  {
    hint: /["']/,
    pattern: new RegExp(
      String.raw`(["'](?:${QUOTED_KEYS})\\{0,8}["']\s{0,4}:\s{0,4})(?!\[redacted\])${VALUE}`,
      'gi',
    ),
    replace: (_, key) => `${key ?? ''}[redacted]`,
  },
  {
    hint: /name/i,
    pattern:
      /((?<![A-Za-z])name\\{0,8}["']?\s{0,4}[:=]\s{0,4}\\{0,8}["'])(?=[^"'\\]*[A-Z\s])[^"'\\]*/g,
    replace: (_, key) => `${key ?? ''}[redacted]`,
  },
  {
    hint: 'eyJ',
    pattern: /(?<![\w-])eyJ[\w-]{6,}\.[\w-]*(?:\.[\w-]*){0,3}/g,
    replace: () => '[token]',
  },
  {
    hint: '_',
    pattern: /(?<![A-Za-z\d])(?:clin|whsec|sk|pk|ghp|gho|npm|xox[abp])_[\w+/=-]{6,}/g,
    replace: () => '[key]',
  },
  {
    hint: /bearer|basic/i,
    pattern: /(?<![A-Za-z])(bearer|basic)\s{1,8}(?!realm=)[\w.~+/=:-]{6,}/gi,
    replace: (_, scheme) => `${scheme ?? ''} [redacted]`,
  },
  {
    hint: '://',
    pattern: /:\/\/[^\s/?#"'<>@]*(?:@[^\s/?#"'<>@]*)*@/g,
    replace: () => '://[redacted]@',
  },
  {
    // Passwords of databases often hold what a URL should have escaped.
    hint: '://',
    pattern: /((?:postgres(?:ql)?|rediss?|mysql|mongodb|amqps?|smtps?):\/\/)[^\s"'<>]{0,512}@/gi,
    replace: (_, scheme) => `${scheme ?? ''}[redacted]@`,
  },
  {
    hint: '=',
    pattern: /([?&;][\w.~%[\]-]{1,64}=)([^&\s"'<>#;]+)/g,
    replace: (whole, key, value) =>
      /^(?:\d{1,5}|true|false)$/.test(value ?? '') ? whole : `${key ?? ''}[redacted]`,
  },
  // What databases and parsers quote of the data they could not take.
  {
    hint: 'params: ',
    pattern: /(\nparams: )[^]*?(?=\n {4}at |$)/g,
    replace: (_, key) => `${key ?? ''}[redacted]`,
  },
  {
    hint: 'Key (',
    pattern: /(Key \([^)\n]{1,200}\)=\()[^\n]*/g,
    replace: (_, key) => `${key ?? ''}[redacted])`,
  },
  {
    hint: 'ailing row',
    pattern: /(ailing row contains \()[^\n]*/g,
    replace: (_, key) => `${key ?? ''}[redacted])`,
  },
  {
    hint: /invalid|out of range|parameter|malformed|portal/,
    pattern:
      /((?:invalid|out of range|malformed|parameter|portal)[^"'\n]{0,120}(?:"|= '))[^"'\n]*/g,
    replace: (_, key) => `${key ?? ''}[redacted]`,
  },
  {
    hint: 'valid JSON',
    pattern:
      /(Unexpected )[^]{0,400}?(?= is not valid JSON)|"[^"\n]{0,400}"(?= is not valid JSON)/g,
    replace: (_, start) => `${start ?? ''}[redacted]`,
  },
];
