import { holdsCardNumber } from './check-digits.js';
import type { Rule } from './rule.js';

/** What stands between the parts of a number. */
const SEP = String.raw`[ .\-\u2010-\u2015]`;
const MONTH =
  'jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?';
// Capitalised where in small letters it is an ordinary word.
const STREET =
  'Street|St|Avenue|Ave|Boulevard|Blvd|Road|Rd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Trail|Trl|Parkway|Pkwy|Highway|Hwy|Circle|Cir|Way|Crescent|Close|STREET|AVENUE|ROAD|DRIVE|LANE|BOULEVARD|street|avenue|boulevard|road|parkway|highway';
const UNIT = 'ms|us|µs|ns|s|seconds|bytes|[kKMG]i?B|B|requests|tokens|items|rows|records';
const MBI_LETTER = '[ac-hjkmnp-rt-y]';
const NAME_WORD = String.raw`\p{Lu}[\p{L}'’-]{1,40}`;

/** What tells who somebody is, by its own form; from the most telling form to the least. */
export const IDENTIFIER_RULES: readonly Rule[] = [
  {
    // `name@1.2.0` is a version of a model.
    hint: '@',
    pattern:
      /(?<![^\s"'<>(),:;\\[\]@{}=])[^\s"'<>(),:;\\[\]@{}=]+@(?!v?\d+\.\d)(?:[\p{L}\d-]+\.)+\p{L}{2,}/giu,
    replace: () => '[email]',
  },
  {
    hint: /\d[\sA-Za-z]/,
    pattern: new RegExp(
      String.raw`(?<![\w.])\d{1,6}[A-Za-z]?\s(?:[\p{L}\d][\p{L}\d'.-]{0,24}\s){1,4}(?:${STREET})(?!\p{L})\.?` +
        String.raw`(?:,?\s{1,2}(?:Apt|Apartment|Suite|Ste|Unit|Floor|#)\.?\s?[\w-]{1,8})?` +
        String.raw`(?:,\s{0,2}\p{Lu}[\p{L}.'\s-]{1,30})?(?:,?\s{1,2}[A-Z]{2}(?!\p{L}))?(?:,?\s{1,2}\d{5}(?:-\d{4})?(?!\d))?`,
      'gu',
    ),
    replace: () => '[address]',
  },
  {
    hint: /box/i,
    pattern: /(?<![A-Za-z])P\.?\s?O\.?\s?Box\s{1,4}\d{1,10}/gi,
    replace: () => '[address]',
  },
  {
    hint: /\d/,
    pattern: new RegExp(
      String.raw`(?<![A-Za-z])(?:MRN|medical record(?: number| no\.?)?|chart(?: number| no\.?)|(?:patient|member|subscriber|policy|account|acct)(?: id| number| no\.?))[\s:#=._-]{0,4}(?:is\s)?[a-z]{0,4}-?\d[\w-]{1,20}`,
      'gi',
    ),
    replace: () => '[record number]',
  },
  {
    hint: /\d/,
    pattern: new RegExp(
      String.raw`(?<![A-Za-z\d])[1-9]${MBI_LETTER}(?:${MBI_LETTER}|\d)\d-?${MBI_LETTER}(?:${MBI_LETTER}|\d)\d-?${MBI_LETTER}{2}\d\d(?![A-Za-z\d])`,
      'gi',
    ),
    replace: () => '[mbi]',
  },
  // Times of what the service does lie in these years and are not midnight.
  {
    hint: /\d[-/.]\d/,
    pattern:
      /(?<![\w.])(?:19|20)\d\d([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])(?![\d])(?:[T ]00:00(?::00(?:\.0{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?|(?![T ]\d\d:))/g,
    replace: () => '[date]',
  },
  {
    hint: /\d[-/.]\d/,
    pattern:
      /(?<![\w.])(?:1[89]\d\d|200\d|201\d)-\d\d-\d\d[T ]\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:?\d\d)?/g,
    replace: () => '[date]',
  },
  {
    hint: /\d[-/.]\d/,
    pattern:
      /(?<![\w.-])(?:\d{1,2}([-/])\d{1,2}\1(?:\d{4}|\d{2})|\d{1,2}\.\d{1,2}\.(?:19|20)\d\d)(?![\w-]|\.\d)/g,
    replace: () => '[date]',
  },
  {
    hint: /\d/,
    pattern: new RegExp(
      String.raw`(?<![A-Za-z])(?:${MONTH})\.?\s{1,2}\d{1,2}(?:st|nd|rd|th)?,?\s{1,2}\d{4}(?!\d)|` +
        String.raw`(?<![\w.])\d{1,2}(?:st|nd|rd|th)?[\s-]{1,2}(?:${MONTH})\.?,?[\s-]{1,2}\d{2,4}(?!\d)`,
      'gi',
    ),
    replace: () => '[date]',
  },
  {
    hint: /\d[\s.\-\u2010-\u2015]/,
    pattern: new RegExp(String.raw`(?<!\d)\d{3}${SEP}\d{2}${SEP}\d{4}(?!\d)`, 'g'),
    replace: () => '[ssn]',
  },
  {
    hint: /\d{3}/,
    pattern: /(?<!\d)(?:\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{4,5})(?!\d)/g,
    replace: () => '[card]',
  },
  {
    hint: /\d/,
    pattern: /(?<![\w.])\d(?:[ -]?\d){12,40}(?![\w])/g,
    replace: (whole) => (holdsCardNumber(whole.replace(/\D/g, '')) ? '[card]' : whole),
  },
  {
    hint: /\d{3}/,
    pattern: new RegExp(
      [
        String.raw`(?<![\w.])(?:\+?\d{1,3}${SEP}?)?\(\d{3}\)${SEP}?\d{3}${SEP}?\d{4}(?!\d)`,
        String.raw`(?<![\w.])(?:\+?\d{1,3}${SEP})?\d{3}(${SEP})\d{3}\1\d{4}(?!\d)`,
        String.raw`\+\d(?:[ ().-]{0,2}\d){6,14}(?!\d)`,
        String.raw`(?<![\w.-])\d{3}-\d{4}(?![\w-])`,
      ].join('|'),
      'gi',
    ),
    replace: () => '[phone]',
  },
  {
    hint: /\d{7}/,
    pattern: new RegExp(
      String.raw`(?<![A-Za-z\d_.])[A-Za-z]{0,12}[-_#:]?\d{7,}(?:[A-Za-z]{1,2})?(?![A-Za-z\d_]|\.\d)(?!\s?(?:${UNIT})(?![A-Za-z]))`,
      'g',
    ),
    // A number followed by its unit measures something.
    replace: (whole) => (new RegExp(`^\\d+(?:${UNIT})$`).test(whole) ? whole : '[number]'),
  },
  {
    hint: /patient|m(?:r|s|iss)|dr|prof/i,
    pattern: new RegExp(
      String.raw`(?<!\p{L})([Pp]atient|Mr|Mrs|Ms|Miss|Dr|Prof)(\.?\s)${NAME_WORD}(?:\s${NAME_WORD}){0,3}`,
      'gu',
    ),
    replace: (_, title, space) => `${title ?? ''}${space ?? ''}[name]`,
  },
];
