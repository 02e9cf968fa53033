// A process that rotates the data key once it reads a line, for tests that end it:
//   node encryption-process.mjs <database url> <operator's key in hex> <columns> <timing>
// Says a line at each step of its progress, and what came out.
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';

const libs = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/libs');
const lib = pathToFileURL(path.join(libs, 'encryption/src/index.js')).href;
const { KeyFile, OperatorKeys, openEncryption } = await import(lib);
const [url, key, columns, timing] = process.argv.slice(2);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

await once(process.stdin, 'data');
const pool = new pg.Pool({ connectionString: url, max: 3 });
const encryption = await openEncryption({
  db: drizzle(pool),
  wrapper: new OperatorKeys([Buffer.from(key, 'hex')], new KeyFile('/nonexistent/encryption.key')),
  log: { info: () => {}, error: () => {} },
  timing: JSON.parse(timing),
});
say(await encryption.rotate({ columns: JSON.parse(columns), onProgress: say }));
process.exit();
