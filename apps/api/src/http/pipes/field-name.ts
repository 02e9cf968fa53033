import { maskText } from '@app/observability';

const MAX_NAME = 40;
/** Fields are not written so; a word with a capital may be somebody's name. */
const CAPITALISED = /(?<!\p{L})\p{Lu}/u;

/** A name the caller made up, safe to repeat: short, of harmless characters, and no person's. */
export function shown(name: string): string {
  const start = name.slice(0, MAX_NAME);
  if (CAPITALISED.test(start) || maskText(start) !== start) return '?';
  const safe = start.replace(/[^\w.:-]/g, '?');
  return name.length > MAX_NAME ? `${safe}…` : safe;
}

/** A JSON pointer (`/sentences/3/entity/start`) in a caller's notation: `sentences[3].entity.start`. */
export function fieldName(pointer: string): string {
  let name = '';
  for (const part of pointer.split('/').slice(1)) {
    if (/^\d{1,9}$/.test(part)) name += `[${part}]`;
    else {
      const plain = shown(part.replaceAll('~1', '/').replaceAll('~0', '~'));
      name += name === '' ? plain : `.${plain}`;
    }
  }
  return name;
}
