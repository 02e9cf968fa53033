const MAX_NAME = 40;

/** A name the caller made up, safe to repeat: short, and of harmless characters only. */
export function shown(name: string): string {
  const safe = name.slice(0, MAX_NAME).replace(/[^\w.:-]/g, '?');
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
