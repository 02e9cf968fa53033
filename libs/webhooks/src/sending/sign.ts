import { createHmac } from 'node:crypto';
import { secretBytes } from '../secrets/secret-text.js';

/**
 * The `webhook-signature` header of Standard Webhooks: one signature a secret,
 * so that a receiver may know either during a rotation.
 * @param secrets in the form `whsec_…`
 * @param timestamp seconds since 1970, as in `webhook-timestamp`
 */
export function signature(
  secrets: readonly string[],
  id: string,
  timestamp: number,
  body: string,
): string {
  return secrets
    .map((secret) => {
      const mac = createHmac('sha256', secretBytes(secret)).update(`${id}.${timestamp}.${body}`);
      return `v1,${mac.digest('base64')}`;
    })
    .join(' ');
}
