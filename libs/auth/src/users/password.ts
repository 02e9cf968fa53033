import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { invalidField } from '@app/common';

/** Argon2id as OWASP recommends it: 19 MiB, two passes, one lane. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const SHORTEST = 12;
/** Longer ones would only cost time. */
const LONGEST = 256;

/** @throws DomainError VALIDATION_ERROR when the password is too short, too long or all alike */
export function checkPassword(password: string, username: string): void {
  if (password.length < SHORTEST || password.length > LONGEST) {
    throw invalidField(
      'password',
      'length',
      `The password must have ${SHORTEST} to ${LONGEST} characters.`,
    );
  }
  if (new Set(password).size < 5 || password.toLowerCase().includes(username.toLowerCase())) {
    throw invalidField(
      'password',
      'too_simple',
      'The password must have five or more different characters and not hold the user name.',
    );
  }
}

/** @returns the hash in PHC form, with its salt and cost */
export function hashPassword(password: string): Promise<string> {
  return hash(password, COST);
}

/** A password for people to copy once: 120 random bits. */
export function newPassword(): string {
  return randomBytes(15).toString('base64url');
}

let dummy: Promise<string> | undefined;

/** Whether the password is right. Without a hash to compare with it takes the same time and is wrong. */
export async function passwordMatches(hashed: string | null, password: string): Promise<boolean> {
  dummy ??= hashPassword(newPassword());
  const right = await verify(hashed ?? (await dummy), password.slice(0, LONGEST + 1));
  return right && hashed !== null;
}
