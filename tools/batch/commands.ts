import { readFile } from 'node:fs/promises';
import { UsageError } from '../models/options.js';
import { BatchError } from './batch-error.js';
import { downloadResults } from './download-results.js';
import { followJob, type JobState } from './follow-job.js';
import { parseOptions, USAGE, type BatchOptions } from './options.js';
import { ProgressBar, type Screen } from './progress-bar.js';
import { RunStateFile } from './run-state.js';
import { ServiceClient } from './service-client.js';
import { uploadInputs } from './upload-inputs.js';

export interface BatchConsole {
  print(text: string): void;
  printError(text: string): void;
  readonly screen: Screen;
}

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;
const SOME_ITEMS_FAILED = 3;

/** @returns the exit code */
export async function runBatch(args: readonly string[], console: BatchConsole): Promise<number> {
  const bar = new ProgressBar(console.screen);
  try {
    const options = parseOptions(args);
    if (options === null) {
      console.print(USAGE);
      return DONE;
    }
    return await run(options, bar, console);
  } catch (error) {
    bar.end();
    if (error instanceof UsageError) {
      console.printError(`${error.message}\n\n${USAGE}`);
      return WRONG_USAGE;
    }
    if (!(error instanceof BatchError) && !isFileError(error)) throw error;
    console.printError(error.message);
    return FAILED;
  }
}

async function run(
  options: BatchOptions,
  bar: ProgressBar,
  console: BatchConsole,
): Promise<number> {
  const key = await keyOf(options);
  const client = new ServiceClient(options.url, key, options.patienceMs, (what) =>
    bar.setTrouble(what),
  );
  const run = await openRun(client, options);
  const jobId = await submitted(client, options, run, bar);
  bar.line(`Job ${jobId}. It goes on when this program ends; run it again to go on here.`);
  const job = await followJob(client, jobId, (progress, position) => bar.job(progress, position));
  if (job.status === 'failed') {
    await run.update({ failed: true });
    throw new BatchError(
      `The job failed: ${job.error?.message ?? 'the service did not say why.'}\nRun the same command again to retry it, or begin anew with --restart.`,
    );
  }
  const total = job.status === 'completed' ? job.progress.total : null;
  await downloadResults(client, jobId, options.format, options.output, total);
  await run.remove();
  bar.end();
  console.print(outcomeOf(job, options.output));
  if (job.status === 'cancelled') return FAILED;
  return job.progress.failed > 0 ? SOME_ITEMS_FAILED : DONE;
}

/** The earlier run with this output, its job retried if it failed; else a new one. */
async function openRun(client: ServiceClient, options: BatchOptions): Promise<RunStateFile> {
  const run = await RunStateFile.open(options);
  const { jobId, failed } = run.state;
  if (jobId === undefined || failed !== true) return run;
  if (!(await retryJob(client, jobId))) return RunStateFile.open({ ...options, restart: true });
  await run.update({ failed: false });
  return run;
}

/** @returns false when the job, or what is left of its input, is not there any more */
async function retryJob(client: ServiceClient, jobId: string): Promise<boolean> {
  try {
    await client.json(`/jobs/${jobId}/retry`, { method: 'POST' });
    return true;
  } catch (error) {
    if (!(error instanceof BatchError)) throw error;
    if (error.status === 404) return false;
    if (error.status !== 409) throw error;
    // It is refused, too, when the answer to an earlier try was lost.
    const { status } = await client.json<JobState>(`/jobs/${jobId}`);
    return status !== 'failed';
  }
}

/** Sends what has not been sent by an earlier run. @returns the job's id */
async function submitted(
  client: ServiceClient,
  options: BatchOptions,
  run: RunStateFile,
  bar: ProgressBar,
): Promise<string> {
  const { state } = run;
  if (state.jobId !== undefined) return state.jobId;
  const model = await modelOf(client, options.model);
  if (state.fileId === undefined) {
    const { file_id: fileId } = await uploadInputs(client, options.input, bar);
    await run.update({ fileId });
  }
  const { job_id: jobId } = await client.json<{ job_id: string }>('/jobs', {
    method: 'POST',
    // However often this is sent, it makes one job.
    headers: { 'content-type': 'application/json', 'idempotency-key': state.idempotencyKey },
    body: () => JSON.stringify({ ...model, input_file_id: state.fileId, options: options.options }),
  });
  await run.update({ jobId });
  return jobId;
}

async function modelOf(
  client: ServiceClient,
  given: string | undefined,
): Promise<{ model: string; model_version?: string }> {
  if (given !== undefined) {
    const [model = '', version] = given.split('@');
    return version === undefined ? { model } : { model, model_version: version };
  }
  const { data } = await client.json<{ data: { id: string; task: string }[] }>('/models');
  const found = data.find(({ task }) => task === 'assertion') ?? data[0];
  if (found === undefined) throw new BatchError('The service has no model.');
  return { model: found.id };
}

async function keyOf({ key, keyFile }: BatchOptions): Promise<string | undefined> {
  return keyFile === undefined ? key : (await readFile(keyFile, 'utf8')).trim();
}

function outcomeOf({ status, progress }: JobState, output: string): string {
  const { current, total, failed } = progress;
  if (status === 'cancelled') {
    return `The job was cancelled; ${output} holds what there was: up to ${current} of ${total} items.`;
  }
  const items = `${total.toLocaleString('en-US')} items are in ${output}.`;
  if (failed === 0) return items;
  return `${items} ${failed.toLocaleString('en-US')} of them failed; each says why in its line.`;
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
