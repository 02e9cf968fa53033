/** What a browser asks a person for. */
export interface BasicCredentials {
  readonly username: string;
  readonly password: string;
}

const BASIC = /^Basic +([A-Za-z\d+/]{1,2048}={0,2}) *$/i;

/** Name and password of an `Authorization` header of RFC 7617, in UTF-8; null when it is none. */
export function basicCredentials(header: string | undefined): BasicCredentials | null {
  const encoded = header === undefined ? undefined : BASIC.exec(header)?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 0) return null;
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
