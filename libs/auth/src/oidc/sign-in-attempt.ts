import type { FieldCipher } from '@app/encryption';

/** How long somebody may take at their provider. */
export const ATTEMPT_SECONDS = 10 * 60;

/** What has to be remembered between leaving for the provider and coming back. */
export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  /** Of PKCE; never leaves this service except to redeem the code. */
  readonly codeVerifier: string;
  /** Where the browser wants to end up; null to get the tokens as JSON. */
  readonly returnTo: string | null;
}

/** Not a column of any table; binds the envelope to its purpose. */
const PLACE = { table: 'oidc', column: 'sign_in_attempt', row: 'cookie' };

/**
 * Attempts as encrypted text for a cookie of the browser that makes them: any
 * process can finish what another began, and nothing is stored for those who
 * never come back.
 */
export class SignInAttempts {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly now: () => number = Date.now,
  ) {}

  seal(attempt: SignInAttempt): string {
    const expiresAt = this.now() + ATTEMPT_SECONDS * 1000;
    return this.cipher.encrypt(PLACE, JSON.stringify({ ...attempt, expiresAt }));
  }

  /** @returns null when it was not sealed here or has expired */
  open(sealed: string): SignInAttempt | null {
    let text: string;
    try {
      text = this.cipher.decrypt(PLACE, sealed);
    } catch {
      return null;
    }
    const { expiresAt, ...attempt } = JSON.parse(text) as SignInAttempt & { expiresAt: number };
    return this.now() < expiresAt ? attempt : null;
  }
}
