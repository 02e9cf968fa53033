// A process that uses the built-in database of a folder, for tests that end it.
// Prints JSON lines: what the library logs, each row that was acknowledged, and
// why it could not start. Writes rows until told otherwise, when given a start.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// An open database alone does not keep a process alive.
setInterval(() => undefined, 60_000);

const [dataDir, migrations, firstRow = '', tie = ''] = process.argv.slice(2);
const lib = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/libs/database/src');
const load = (file) => import(pathToFileURL(path.join(lib, file)).href);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const tell = (details, message) => say({ message, ...details });

try {
  const { openDatabase } = await load('index.js');
  const log = { info: tell, warn: tell, error: tell };
  const launch = tie === '' ? {} : { tie };
  const database = await openDatabase({ dataDir, migrations, log, poolSize: 3, launch });
  say({ ready: true });
  for (let row = Number(firstRow); firstRow !== ''; row++) {
    const written = await database.pool
      .query('insert into notes (id) values ($1)', [row])
      .catch(() => null);
    if (written) say({ written: row });
    else await new Promise((resolve) => setTimeout(resolve, 20));
  }
} catch (error) {
  say({ failed: error.message });
  process.exit(1);
}
