import { mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { newId } from '@app/common';
import { JobFiles, type FileRow, type Jobs, type JobSubmission } from '@app/jobs';
import { sql } from 'drizzle-orm';
import { eventually } from '../support/eventually.js';
import { HOUR_MS, isDone, JobsFixture } from '../support/jobs-fixture.js';
import {
  ACTOR,
  resultsOf,
  submission,
  TEST_CIPHER,
  TestInference,
  texts,
} from '../support/jobs.js';

const KEEP_HOURS = 24;

const fixture = JobsFixture.use();

let folder: string;
let files: JobFiles;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'clinserve-job-files-'));
  files = new JobFiles({
    ...{ database: fixture.fresh.database, cipher: TEST_CIPHER, folder, maxBytes: 1_000_000 },
    ...{ keepHours: KEEP_HOURS, now: () => fixture.now },
  });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A file of so many texts. */
function upload(rows = 130): Promise<FileRow> {
  const lines = texts(rows).map((text) => `${JSON.stringify(text)}\n`);
  const pieces = (async function* () {
    yield Buffer.from(lines.join(''));
  })();
  return files.receive(pieces, { tenantId: 'north', principalId: 'ada' });
}

function onFile(file: FileRow, changes: Partial<JobSubmission> = {}): JobSubmission {
  return { ...submission([]), inputs: undefined, file, ...changes };
}

/** Lets something begin while a job on the file is being accepted, which ends first. */
async function acceptDuring(
  jobs: Jobs,
  file: FileRow,
  begin: () => Promise<unknown>,
): Promise<{ readonly jobId: string; readonly begun: Promise<unknown> }> {
  let begun: Promise<unknown> = Promise.resolve();
  const charge = async () => {
    begun = begin();
    begun.catch(() => undefined);
    await sleep(200);
  };
  const { job } = await jobs.submit(onFile(file, { charge }));
  return { jobId: job.jobId, begun };
}

async function rowsOfFiles(): Promise<unknown[]> {
  return (await fixture.fresh.database.db.execute(sql`select id from files`)).rows;
}

describe('a file that a job is being accepted on', () => {
  it('is not deleted by its owner', async () => {
    const { jobs } = await fixture.open({ files });
    const file = await upload();
    const { begun } = await acceptDuring(jobs, file, () => files.delete('north', file.id));
    await expect(begun).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await files.find(file.id)).not.toBeNull();
    expect(await readdir(folder)).toEqual([file.id]);
  });

  it('does not expire', async () => {
    const { jobs } = await fixture.open({ files });
    const file = await upload();
    fixture.passHours(KEEP_HOURS);
    const { begun } = await acceptDuring(jobs, file, () => files.removeExpired());
    expect(await begun).toBe(0);
    expect(await files.removeExpired()).toBe(0);
    expect(await readdir(folder)).toEqual([file.id]);
  });

  it('is not removed with an earlier job on it, but with the last one', async () => {
    const { jobs } = await fixture.open({ files });
    const file = await upload();
    const [hold, removeRow] = [jest.spyOn(files, 'hold'), jest.spyOn(files, 'removeRow')];
    const earlier = (await jobs.submit(onFile(file))).job.jobId;
    await jobs.cancel(null, earlier, ACTOR);
    const { jobId, begun } = await acceptDuring(jobs, file, () => jobs.purge(null, earlier, ACTOR));
    await begun;
    expect(await files.find(file.id)).not.toBeNull();
    // Neither had to begin anew because it was in the other's way.
    expect([hold.mock.calls.length, removeRow.mock.calls.length]).toEqual([2, 1]);
    await jobs.cancel(null, jobId, ACTOR);
    await jobs.purge(null, jobId, ACTOR);
    expect(await rowsOfFiles()).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('has to be there still', async () => {
    const { jobs } = await fixture.open({ files });
    const file = await upload();
    await files.delete('north', file.id);
    let charged = false;
    const charge = () => void (charged = true);
    await expect(jobs.submit(onFile(file, { charge }))).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      fields: [{ field: 'input_file_id', code: 'unknown' }],
    });
    expect(charged).toBe(false);
    expect((await jobs.list('north', { limit: 1 })).total).toBe(0);
  });
});

describe('the file of a purged job', () => {
  it('cannot be read any more even when the process ends before its bytes are removed', async () => {
    const { jobs } = await fixture.open({ files });
    const file = await upload();
    const { job } = await jobs.submit(onFile(file));
    await jobs.cancel(null, job.jobId, ACTOR);
    jest.spyOn(files, 'removeBytes').mockRejectedValueOnce(new Error('the process ended'));
    await expect(jobs.purge(null, job.jobId, ACTOR)).rejects.toThrow('the process ended');
    expect((await jobs.get(null, job.jobId)).purgedAt).not.toBeNull();
    // Its row held the only copy of the key.
    expect(await rowsOfFiles()).toEqual([]);
  });
});

describe('the folder of files', () => {
  const age = (name: string) => {
    const long = new Date(Date.now() - 24 * HOUR_MS);
    return utimes(path.join(folder, name), long, long);
  };

  it('is rid of bytes without a row, whatever else lies there', async () => {
    const { id: kept } = await upload(1);
    const orphans = Array.from({ length: 1_100 }, () => newId());
    for (const id of orphans) await writeFile(path.join(folder, id), '');
    const others = ['.DS_Store', 'notes.part', newId()];
    await writeFile(path.join(folder, '.DS_Store'), '');
    await writeFile(path.join(folder, 'notes.part'), '');
    await mkdir(path.join(folder, others[2] ?? ''));
    for (const name of [kept, ...orphans, ...others]) await age(name);
    await files.removeExpired();
    expect((await readdir(folder)).sort()).toEqual([kept, ...others].sort());
  });
});

describe('a job whose inputs cannot be read', () => {
  const spoilKey = async () => {
    await fixture.fresh.database.db.execute(sql`update files set data_key = 'of elsewhere'`);
  };
  const spoilFolder = async ({ id }: FileRow) => {
    const stored = path.join(folder, id);
    await rm(stored);
    await symlink(stored, stored);
  };

  it.each([
    ['a key that cannot be decrypted', 300, spoilKey],
    ['a folder that cannot be read', 300, spoilFolder],
    ['a single row that cannot be read', 1, spoilKey],
  ])('fails, and lets others have its room: %s', async (_, rows, spoil) => {
    const instance = await fixture.open({ files });
    const { jobs } = instance;
    const file = await upload(rows);
    const { job } = await jobs.submit(onFile(file));
    await spoil(file);
    await instance.work(fixture.queues, new TestInference());
    const other = await jobs.submit(submission(texts(50), { tenantId: 'south' }));
    const sweeping = setInterval(() => void jobs.sweep(), 50);
    try {
      await eventually(isDone(jobs, job.jobId), 20_000);
      await eventually(isDone(jobs, other.job.jobId), 20_000);
    } finally {
      clearInterval(sweeping);
    }
    expect(await jobs.get(null, job.jobId)).toMatchObject({
      status: 'failed',
      attempts: 4,
      error: { code: 'INTERNAL_ERROR' },
    });
    expect(await resultsOf(jobs, other.job.jobId)).toHaveLength(50);
    // Its file is kept for a retry, until the file's own time is over.
    expect(await rowsOfFiles()).toHaveLength(1);
    fixture.now = new Date(fixture.now.getTime() + KEEP_HOURS * HOUR_MS + 1);
    expect(await files.removeExpired()).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  });
});
