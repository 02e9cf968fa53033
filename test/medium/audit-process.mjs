// A process that records audit events until it is killed:
//   node audit-process.mjs <database url> <key in hex> <checkpoint folder> <ms between checkpoints>
// Says the number of events after each commit.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';

const libs = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/libs');
const { AuditLog } = await import(pathToFileURL(path.join(libs, 'audit/src/index.js')).href);
const [url, key, checkpointFolder, checkpointMs] = process.argv.slice(2);

const db = drizzle(new pg.Pool({ connectionString: url, max: 3 }));
const audit = new AuditLog({
  db,
  key: Buffer.from(key, 'hex'),
  hashPatient: (patientId) => Buffer.from(patientId),
  checkpointFolder,
  checkpointMs: Number(checkpointMs),
  log: { error: () => {} },
});
await audit.open();
for (let count = 1; ; count++) {
  await db.transaction((tx) =>
    audit.record(tx, {
      tenantId: 'default',
      actor: { kind: 'system', id: 'test' },
      action: 'test.record',
      object: { kind: 'test', id: String(count) },
      result: 'success',
    }),
  );
  process.stdout.write(`${count}\n`);
}
