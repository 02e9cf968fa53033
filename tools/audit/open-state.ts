import { createAuditLog, type AuditLog } from '@app/audit';
import type { AppConfig } from '@app/config';
import { openDatabase, type Database } from '@app/database';
import { openEncryption, OperatorKeys, type Encryption } from '@app/encryption';
import type { Output } from '../models/console.js';

/** What the operator's tools work on beside a running service, or without one. */
export interface State {
  readonly database: Database;
  readonly operatorKeys: OperatorKeys;
  readonly encryption: Encryption;
  readonly audit: AuditLog;
}

/** Tools count and read whole tables. */
const STATEMENT_TIMEOUT_MS = 3600_000;

/** @throws SetupError saying what keeps the state from being opened */
export async function withState<T>(
  config: AppConfig,
  output: Output,
  use: (state: State) => Promise<T>,
): Promise<T> {
  const log = {
    info: () => undefined,
    warn: () => undefined,
    error: (details: object, message: string) => {
      output.printError(`${message}: ${JSON.stringify(details)}`);
    },
  };
  const { databaseUrl, encryptionKeys } = config.state;
  const { dataDir } = config;
  const database = await openDatabase({
    url: databaseUrl ?? undefined,
    dataDir,
    log,
    poolSize: 4,
    statementTimeoutMs: STATEMENT_TIMEOUT_MS,
  });
  try {
    const operatorKeys = OperatorKeys.of(encryptionKeys, dataDir);
    const encryption = await openEncryption({ db: database.db, wrapper: operatorKeys, log });
    const audit = createAuditLog({ db: database.db, secrets: encryption, dataDir, log });
    try {
      return await use({ database, operatorKeys, encryption, audit });
    } finally {
      await encryption.close();
    }
  } finally {
    await database.close();
  }
}

/** What the operator did here is recorded, and anchored at once. */
export async function recordAct(
  { database, audit }: State,
  action: string,
  object: { readonly kind: string; readonly id?: string },
  result: 'success' | 'failed' = 'success',
): Promise<void> {
  await database.transaction((tx) =>
    audit.record(tx, {
      tenantId: 'default',
      actor: { kind: 'system', id: 'operator' },
      action,
      object,
      result,
    }),
  );
  await audit.close();
}
