/** What a data key is called where it is wrapped. */
export function dataKeyName(version: number): string {
  return `data key ${version}`;
}

export const ROOT_SECRET = 'root secret';
