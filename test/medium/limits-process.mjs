// A process that counts limits, for tests of several of them and of one that is killed:
//   node limits-process.mjs redis <REDIS_URL> <limits>       admits what it is told to, at once
//   node limits-process.mjs database <DATABASE_URL> <limits> admits as many as it can, one by one
// Reads how many requests to make from its standard input; prints JSON lines.
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const [storage, url, limits] = process.argv.slice(2);
const libs = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist/libs');
const load = (file) => import(pathToFileURL(path.join(libs, file)).href);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const tell = (details, message) => say({ message, reason: String(details.err) });
const log = { info: tell, warn: tell, error: tell };

const { RateLimits } = await load('auth/src/limits/rate-limits.js');
const redis =
  storage === 'redis' ? await (await load('redis/src/index.js')).openRedis({ url, log }) : null;
const database =
  storage === 'database'
    ? await (await load('database/src/index.js')).openDatabase({ url, dataDir: '', log })
    : null;
const rateLimits = new RateLimits({
  database,
  redis,
  log,
  // How busy this machine is is not what is tested.
  redisPatienceMs: 5_000,
});
await rateLimits.open();
const caller = {
  kind: 'key',
  tenantId: 'default',
  tier: 'free',
  limitSubject: 'key:shared',
  limits: JSON.parse(limits),
};
const admit = async () => {
  const admission = await rateLimits.admit(caller);
  admission.release();
  return admission.refusal === null;
};
say({ ready: true });

for await (const line of createInterface({ input: process.stdin })) {
  const asked = Number(line);
  if (storage === 'redis') {
    const answers = await Promise.all(Array.from({ length: asked }, admit));
    say({ admitted: answers.filter(Boolean).length });
    continue;
  }
  for (let i = 0; i < asked; i++) {
    if (await admit()) say({ admitted: 1, at: Date.now() });
    await sleep(4);
  }
  say({ done: true });
}
await rateLimits.close();
await redis?.close();
await database?.close();
