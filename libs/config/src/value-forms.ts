/** The entries of a value that separates them by commas. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}

/** 32 bytes written in hex or base64; null when `text` is neither. */
export function encryptionKey(text: string): Buffer | null {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[\w+/-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return null;
}

/** Rules such as `value=role`, separated by commas; null when one has another form. */
export function roleRules(text: string): { value: string; role: string }[] | null {
  const rules = listOf(text).map((entry) => {
    // Values may be distinguished names, which hold = themselves.
    const [, value, role] = /^(.+)=([\w.-]{1,64})$/.exec(entry) ?? [];
    return value === undefined || role === undefined ? null : { value: value.trim(), role };
  });
  const sound = rules.filter((rule) => rule !== null);
  return sound.length === rules.length && sound.length > 0 ? sound : null;
}

/** A browser origin; `*` may stand for labels of the host. */
export function isOrigin(text: string): boolean {
  const concrete = text.replaceAll('*', 'any');
  return (
    /^https?:\/\//.test(text) && URL.canParse(concrete) && new URL(concrete).origin === concrete
  );
}

/** The sender of mails: an address, or a name and the address in angle brackets; on one line. */
export function isMailFrom(text: string): boolean {
  return /^(?:[^<>\p{Cc}]+<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/u.test(text);
}
