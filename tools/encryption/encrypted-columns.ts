import type { EncryptedColumn } from '@app/encryption';

/** Every column that holds encrypted fields: what a rotation has to encrypt anew. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  { table: 'users', column: 'email', rowKey: 'id' },
  { table: 'signing_keys', column: 'private_jwk', rowKey: 'kid' },
  { table: 'prediction_log', column: 'text', rowKey: 'id' },
];
