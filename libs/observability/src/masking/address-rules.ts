import { isIP } from 'node:net';
import type { Rule } from './rule.js';

/** These name no machine of anybody's. */
const NOBODY = /^(?:127\.|0\.0\.0\.0$|::1?$)/;

function masked(whole: string): string {
  return isIP(whole) === 0 || NOBODY.test(whole) ? whole : '[address]';
}

/** IP addresses, which operators may need to see; masked where they ask for it. */
export const ADDRESS_RULES: readonly Rule[] = [
  { hint: /\d\.\d/, pattern: /(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\d|\.\d)/g, replace: masked },
  {
    hint: /:[\da-f]{0,4}:/i,
    pattern: /(?<![\w:.])(?:[\da-f]{0,4}:){2,7}(?:(?:\d{1,3}\.){3}\d{1,3}|[\da-f]{0,4})(?![\w:])/gi,
    replace: masked,
  },
];
