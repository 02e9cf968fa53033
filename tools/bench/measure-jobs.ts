import { setTimeout as sleep } from 'node:timers/promises';
import type { BenchModel } from './bench-model.js';
import type { ServedModel } from './served.js';
import type { ServerProcess } from './server-process.js';
import { spread, type Spread } from './stats.js';

const POLL_MS = 250;
/** Memory of a process still grows while its first results are made. */
const WARM_SHARE = 0.2;
const MEGABYTE = 2 ** 20;
/** Longer than any job of the bench takes on a machine that is worth measuring. */
const JOB_TIMEOUT_MS = 10 * 60_000;

export interface JobsMeasurements {
  /** Sentences a second from the start of the job to its end. */
  readonly rate: number;
  readonly items: number;
  /** The limit right before and right after the job, sentences/s: the machine's speed moves within minutes. */
  readonly raw: Spread;
  /** How far the server's resident memory moved after the first fifth, MiB; null where it cannot be read. */
  readonly memoryRange: number | null;
  /** p99 of `/predict` at 8 connections in milliseconds: alone, and while a job runs. */
  readonly alone: Spread;
  readonly beside: Spread;
}

export interface JobsPlan {
  readonly items: number;
  readonly rounds: number;
  /** Requests of one round of the latency. */
  readonly requests: number;
}

interface JobState {
  readonly status: string;
  readonly progress: { readonly current: number; readonly total: number; readonly failed: number };
  readonly started_at: string | null;
  readonly completed_at: string | null;
}

/**
 * A job of many mixed sentences by file: how fast, with how much memory, and what others notice of it.
 * @param measureRaw the limit at this moment, sentences/s
 */
export async function measureJobs(
  model: BenchModel,
  server: ServerProcess,
  served: ServedModel,
  measureRaw: () => Promise<number>,
  { items, rounds, requests }: JobsPlan,
): Promise<JobsMeasurements> {
  const { sentences, lengths } = model;
  const at = (i: number): number => i % sentences.length;
  const lines = Array.from({ length: items }, (_, i) =>
    JSON.stringify({ text: sentences[at(i)] }),
  ).join('\n');
  const tokens = Array.from({ length: items }, (_, i) => lengths[at(i)] ?? 0);
  const total = tokens.reduce((sum, length) => sum + length, 0);

  const file = await upload(server, lines);
  const before = await measureRaw();
  const first = await submit(server, model, file);
  const memory: number[] = [];
  const ended = await watch(server, first, async ({ progress }) => {
    const resident = await server.residentBytes();
    if (resident !== null && progress.current > WARM_SHARE * progress.total) memory.push(resident);
  });
  const seconds =
    (Date.parse(ended.completed_at ?? '') - Date.parse(ended.started_at ?? '')) / 1000;
  const after = await measureRaw();

  const alone: number[] = [];
  const beside: number[] = [];
  for (let round = 0; round < rounds; round++) {
    alone.push(await served.interactiveP99(requests));
    const job = await submit(server, model, file);
    await running(server, job);
    beside.push(await served.interactiveP99(requests));
    const { status } = await state(server, job);
    if (status !== 'processing') throw new Error('the job ended before the latency was measured');
    await call(server, `/jobs/${job}`, { method: 'DELETE' });
  }
  return {
    rate: model.sentencesPerSecond(total, seconds),
    items,
    raw: spread([before, after]),
    memoryRange:
      memory.length === 0 ? null : (Math.max(...memory) - Math.min(...memory)) / MEGABYTE,
    alone: spread(alone),
    beside: spread(beside),
  };
}

async function upload(server: ServerProcess, lines: string): Promise<string> {
  const { file_id: id } = (await call(server, '/files', {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines,
  })) as { file_id: string };
  return id;
}

async function submit(server: ServerProcess, model: BenchModel, file: string): Promise<string> {
  const body = { model: model.manifest.name, input_file_id: file };
  const { job_id: id } = (await call(server, '/jobs', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })) as { job_id: string };
  return id;
}

const state = (server: ServerProcess, job: string): Promise<JobState> =>
  call(server, `/jobs/${job}`) as Promise<JobState>;

/** Resolves once items are being computed. */
async function running(server: ServerProcess, job: string): Promise<void> {
  for (const until = performance.now() + JOB_TIMEOUT_MS; performance.now() < until;) {
    if ((await state(server, job)).progress.current > 0) return;
    await sleep(POLL_MS);
  }
  throw new Error('the job did not start');
}

async function watch(
  server: ServerProcess,
  job: string,
  look: (state: JobState) => Promise<void>,
): Promise<JobState> {
  for (const until = performance.now() + JOB_TIMEOUT_MS; performance.now() < until;) {
    const seen = await state(server, job);
    if (seen.status === 'completed' && seen.progress.failed === 0) return seen;
    if (!['pending', 'processing'].includes(seen.status) || seen.status === 'completed') {
      throw new Error(`the job ended ${seen.status}, ${seen.progress.failed} items failed`);
    }
    await look(seen);
    await sleep(POLL_MS);
  }
  throw new Error('the job took too long');
}

async function call(server: ServerProcess, path: string, init?: RequestInit): Promise<unknown> {
  const response = await fetch(server.origin + path, init);
  if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${path} answered ${response.status}`);
  return response.json();
}
