import type { EncryptedColumn } from '@app/encryption';
import { PREDICTION_TEXT } from '@app/monitoring';

/** Every column that holds encrypted fields: what a rotation has to encrypt anew. */
export const ENCRYPTED_COLUMNS: readonly EncryptedColumn[] = [
  { table: 'users', column: 'email', rowKey: 'id' },
  { table: 'signing_keys', column: 'private_jwk', rowKey: 'kid' },
  PREDICTION_TEXT,
  { table: 'jobs', column: 'callback_url', rowKey: 'id' },
  { table: 'jobs', column: 'notify_email', rowKey: 'id' },
  { table: 'jobs', column: 'metadata', rowKey: 'id' },
  { table: 'job_slices', column: 'inputs', rowKey: 'id' },
  { table: 'job_results', column: 'lines', rowKey: 'id' },
  { table: 'files', column: 'data_key', rowKey: 'id' },
  { table: 'deliveries', column: 'destination', rowKey: 'id' },
  { table: 'webhook_endpoints', column: 'url', rowKey: 'id' },
  { table: 'webhook_secrets', column: 'secret', rowKey: 'id' },
];
