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

/** A browser origin; `*` may stand for labels of the host. */
export function isOrigin(text: string): boolean {
  const concrete = text.replaceAll('*', 'any');
  return (
    /^https?:\/\//.test(text) && URL.canParse(concrete) && new URL(concrete).origin === concrete
  );
}
