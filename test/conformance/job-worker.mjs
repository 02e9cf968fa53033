// A worker of jobs in a process of its own, for tests that kill it:
//   node job-worker.mjs '{"databaseUrl","redisUrl","connection","lockMs","groupMs"}'
// Answers every text with a label made of it; prints "ready" and a line for every slice it begins.
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';

const options = JSON.parse(process.argv[2]);
const dist = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../dist');
const load = (file) => import(pathToFileURL(path.join(dist, file)).href);
const log = { info: () => {}, warn: () => {}, error: () => {} };

const { openDatabase } = await load('libs/database/src/index.js');
const { openQueues } = await load('libs/queues/src/index.js');
const { Signals } = await load('libs/signals/src/index.js');
const { AuditLog } = await load('libs/audit/src/index.js');
const { Jobs } = await load('libs/jobs/src/index.js');
const { JobRunner } = await load('apps/worker/src/job-runner.js');
const { Sweeper } = await load('apps/worker/src/sweeper.js');

const database = await openDatabase({ url: options.databaseUrl, dataDir: '', log });
const { redisUrl, connection, lockMs } = options;
const queues = await openQueues({ redisUrl, connection, log, lockMs });
const connect = async () => {
  const client = new pg.Client({ ...database.connection });
  client.on('error', () => {});
  await client.connect();
  return client;
};
const signals = new Signals({ db: database.db, connect, onError: () => {} });
const audit = new AuditLog({
  db: database.db,
  key: randomBytes(32),
  hashPatient: (id) => Buffer.from(id),
  checkpointFolder: '/nonexistent',
  log,
});
const boundTo = ({ table, column, row }) => `${table}.${column}.${row}`;
const cipher = {
  encrypt: (place, plain) => `${boundTo(place)}:${Buffer.from(plain).toString('base64')}`,
  decrypt: (_place, envelope) => Buffer.from(envelope.split(':')[1], 'base64').toString(),
  keyedHash: (_purpose, value) => Buffer.from(value),
};
const jobs = new Jobs({
  database,
  cipher,
  signals,
  audit,
  queues,
  files: { find: async () => null },
  weightOf: () => 1,
  log,
  settings: { heartbeatMs: 100, staleMs: 1_000 },
});
await signals.open();

let serial = 0;
const inference = {
  async predictEach({ inputs }) {
    await sleep(options.groupMs);
    const items = inputs.map(({ text }) => ({
      predictionId: `${process.pid}-${serial++}`,
      prediction: { label: `label of ${text}`, score: 1, probabilities: {}, warnings: [] },
    }));
    return { items };
  },
};
const presence = jobs.presence(2, ['assertion@1.0.0']);
await presence.open();
const runner = new JobRunner(jobs.slices, inference, presence.workerId);
const handler = async (id, signal) => {
  process.stdout.write(`${id}\n`);
  await runner.run(id, signal);
};
queues.work('job-slices', handler, { concurrency: 2 });
await new Sweeper([() => jobs.sweep()], () => {}, 200).start();
process.stdout.write('ready\n');
