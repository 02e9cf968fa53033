import { DomainError, SetupError } from '@app/common';
import { loadConfig } from '@app/config';
import { isFinished, type JobView } from '@app/jobs';
import { DONE, FAILED, WRONG_USAGE, type ExitCode, type Output } from '../models/console.js';
import { UsageError } from '../models/options.js';
import { formatTable } from '../models/table.js';
import { withJobs, type JobsState } from './open-jobs.js';
import { parseCommand, USAGE, type Command } from './options.js';

/** Who acts here, for the audit log. */
const OPERATOR = { actor: { kind: 'system', id: 'operator' } } as const;
const PAGE = 200;

type Of<Name extends Command['command']> = Extract<Command, { command: Name }>;

/** The whole command line: parses it, runs the command, says what failed. */
export async function runJobs(args: readonly string[], output: Output): Promise<ExitCode> {
  try {
    const command = parseCommand(args);
    if (command.command === 'help') {
      output.print(USAGE);
      return DONE;
    }
    return await withJobs(loadConfig(), output, (state) => run(command, state, output));
  } catch (error) {
    if (error instanceof UsageError) {
      output.printError(`${error.message}\n\n${USAGE}`);
      return WRONG_USAGE;
    }
    if (!(error instanceof SetupError || error instanceof DomainError)) throw error;
    output.printError(error.message);
    return FAILED;
  }
}

async function run(
  command: Exclude<Command, { command: 'help' }>,
  state: JobsState,
  output: Output,
): Promise<ExitCode> {
  const { jobs } = state.work;
  switch (command.command) {
    case 'list':
      await list(command, state, output);
      break;
    case 'show':
      output.print(describe(await jobs.get(null, command.id)));
      break;
    case 'retry':
      output.print(describe(await jobs.retry(null, command.id, OPERATOR)));
      break;
    case 'cancel':
      output.print(describe(await jobs.cancel(null, command.id, OPERATOR)));
      break;
    case 'purge':
      await purge(command, state, output);
      break;
    case 'deliveries':
      await listDeliveries(command, state, output);
      break;
    case 'resend':
      await resend(command, state, output);
      break;
  }
  return DONE;
}

async function list(
  { status, tenant, limit }: Of<'list'>,
  { work }: JobsState,
  output: Output,
): Promise<void> {
  const { jobs, total } = await work.jobs.list(tenant ?? null, { status, limit });
  const rows = jobs.map((job) => [
    job.jobId,
    job.tenantId,
    job.status,
    `${job.progress.current}/${job.progress.total}`,
    String(job.progress.failed),
    `${job.model}@${job.modelVersion}`,
    job.createdAt.toISOString(),
    job.error?.code ?? '',
  ]);
  const heading = ['JOB', 'TENANT', 'STATUS', 'ITEMS', 'FAILED', 'MODEL', 'CREATED', 'ERROR'];
  output.print(formatTable([heading, ...rows]));
  if (total > jobs.length) output.print(`\n${total - jobs.length} more: raise --limit`);
}

function describe(job: JobView): string {
  const { current, total, failed, percent } = job.progress;
  const lines: (readonly [string, string | null])[] = [
    ['job', job.jobId],
    ['tenant', job.tenantId],
    ['status', job.status],
    ['model', `${job.model}@${job.modelVersion}`],
    ['items', `${current} of ${total} (${percent} %), ${failed} failed`],
    ['attempts', String(job.attempts)],
    ['error', job.error === null ? null : `${job.error.code}: ${job.error.message}`],
    ['input file', job.inputFileId],
    ['created', job.createdAt.toISOString()],
    ['started', job.startedAt?.toISOString() ?? null],
    ['finished', job.completedAt?.toISOString() ?? null],
    ['deadline', isFinished(job.status) ? null : job.deadlineAt.toISOString()],
    ['kept until', job.purgedAt === null ? (job.expiresAt?.toISOString() ?? null) : null],
    ['purged', job.purgedAt?.toISOString() ?? null],
  ];
  return formatTable(lines.flatMap(([name, text]) => (text === null ? [] : [[name, text]])));
}

async function purge({ which }: Of<'purge'>, { work }: JobsState, output: Output): Promise<void> {
  const ids = 'id' in which ? [which.id] : await finishedBefore(work.jobs, which.before);
  for (const id of ids) await work.jobs.purge(null, id, OPERATOR);
  output.print(`Purged ${ids.length} ${ids.length === 1 ? 'job' : 'jobs'}`);
}

/** Those that still have something to purge. */
async function finishedBefore(jobs: JobsState['work']['jobs'], before: Date): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.list(null, { cursor, limit: PAGE });
    for (const { jobId, completedAt, purgedAt } of page.jobs) {
      if (completedAt !== null && completedAt < before && purgedAt === null) ids.push(jobId);
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
}

async function listDeliveries(
  { state, tenant, limit }: Of<'deliveries'>,
  { work }: JobsState,
  output: Output,
): Promise<void> {
  const { rows, total } = await work.deliveries.list(tenant ?? null, { state }, null, limit);
  const cells = rows.map((row) => [
    row.id,
    row.tenantId,
    row.kind,
    row.topic,
    row.subjectId ?? '',
    row.state,
    String(row.attempts),
    row.createdAt.toISOString(),
    row.lastError ?? '',
  ]);
  const heading = ['DELIVERY', 'TENANT', 'KIND', 'TOPIC', 'ABOUT', 'STATE', 'ATTEMPTS'];
  output.print(formatTable([[...heading, 'CREATED', 'LAST ERROR'], ...cells]));
  if (total > rows.length) output.print(`\n${total - rows.length} more: raise --limit`);
}

async function resend(
  { which }: Of<'resend'>,
  { database, audit, work }: JobsState,
  output: Output,
): Promise<void> {
  const { deliveries } = work;
  const id = which === 'all failed' ? null : which.id;
  const ids = await database.transaction(async (tx) => {
    await audit.record(tx, {
      ...OPERATOR,
      tenantId: 'default',
      action: id === null ? 'webhook_delivery.replay_failed' : 'webhook_delivery.replay',
      object: { kind: 'webhook_delivery', id },
      result: 'success',
    });
    if (id === null) return deliveries.replayFailed(tx, null, {});
    await deliveries.replay(tx, null, id);
    return [id];
  });
  await deliveries.wake(ids);
  output.print(`${ids.length} ${ids.length === 1 ? 'delivery is' : 'deliveries are'} sent again`);
}
