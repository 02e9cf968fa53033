import { createHmac } from 'node:crypto';
import { Auth, type OidcOptions } from '@app/auth';
import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { Signals } from '@app/signals';
import pg from 'pg';

export const ADMIN_PASSWORD = 'a-long-enough-password';

/** Where stored fields are encrypted is another test's matter; here they must only be told apart. */
const plainCipher: FieldCipher = {
  encrypt: ({ row }, plain) => `${row}|${plain}`,
  decrypt: (_place, envelope) => envelope.slice(envelope.indexOf('|') + 1),
  keyedHash: (purpose, value) => createHmac('sha256', purpose).update(value).digest(),
};

/** The accounts of one process of the service. */
export interface AuthInstance {
  readonly auth: Auth;
  close(): Promise<void>;
}

export interface AuthInstanceOptions {
  readonly cipher?: FieldCipher;
  readonly oidc?: OidcOptions;
  readonly onError?: (error: unknown) => void;
}

export async function startAuth(
  database: Database,
  { cipher = plainCipher, oidc, onError = rethrow }: AuthInstanceOptions = {},
): Promise<AuthInstance> {
  const connect = async () => {
    const client = new pg.Client({ ...database.connection });
    await client.connect();
    return client;
  };
  const signals = new Signals({ db: database.db, connect, onError });
  const auth = new Auth({
    database,
    cipher,
    signals,
    operatorKey: 'the-key-of-the-operator',
    adminPassword: ADMIN_PASSWORD,
    oidc: oidc ?? null,
    onError,
  });
  await signals.open();
  const close = async () => {
    await auth.close();
    await signals.close();
  };
  try {
    await auth.open();
  } catch (error) {
    await close();
    throw error;
  }
  return { auth, close };
}

function rethrow(error: unknown): never {
  throw error;
}
