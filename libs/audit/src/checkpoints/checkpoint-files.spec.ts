import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CheckpointFiles, type CheckpointEntry } from './checkpoint-files.js';
import { CheckpointWriter } from './checkpoint-writer.js';

const key = Buffer.alloc(32, 5);
const day = (date: number): Date => new Date(Date.UTC(2026, 0, date, 12));
let folder: string;
let files: CheckpointFiles;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'checkpoints ')), 'audit');
  files = new CheckpointFiles(folder, key);
});
afterEach(() => rm(join(folder, '..'), { recursive: true }));

async function write(
  writer: CheckpointWriter,
  seqs: readonly number[],
  at = day(1),
): Promise<void> {
  for (const seq of seqs) await writer.write({ seq, mac: Buffer.alloc(32, seq), at });
}

async function entries(): Promise<CheckpointEntry[]> {
  const found: CheckpointEntry[] = [];
  for await (const entry of files.entries()) found.push(entry);
  return found;
}
const seqsOf = (found: readonly CheckpointEntry[]) =>
  found.map((entry) => ('checkpoint' in entry ? entry.checkpoint.seq : 'bad'));

describe('checkpoint files', () => {
  it('are read together, whichever process wrote them', async () => {
    expect(await entries()).toEqual([]);
    expect(await files.newest()).toBeNull();
    const [one, other] = [new CheckpointWriter(folder, key), new CheckpointWriter(folder, key)];
    await write(one, [1, 4]);
    await write(other, [2, 3]);
    await write(one, [5], day(2));
    expect(await readdir(folder)).toHaveLength(3);
    expect(new Set(seqsOf(await entries()))).toEqual(new Set([1, 2, 3, 4, 5]));
    expect(await files.newest()).toEqual({ seq: 5, mac: Buffer.alloc(32, 5), at: day(2) });
    const [file] = await readdir(folder);
    expect((await stat(join(folder, file!))).mode & 0o777).toBe(0o600);
    await one.close();
    await other.close();
  });

  it('show where a line was cut by a crash, and where one was altered', async () => {
    const writer = new CheckpointWriter(folder, key);
    await write(writer, [1, 2, 3]);
    await writer.close();
    const [name] = await readdir(folder);
    const file = join(folder, name!);
    await appendFile(file, 'c1 4 0404');
    expect(seqsOf(await entries())).toEqual([1, 2, 3, 'bad']);
    expect((await entries()).at(-1)).toEqual({ file: name, line: 4, last: true });
    expect((await files.newest())?.seq).toBe(3);

    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('c1 2 ', 'c1 7 '));
    expect((await entries())[1]).toEqual({ file: name, line: 2, last: false });
  });

  it('written with another key prove nothing', async () => {
    const writer = new CheckpointWriter(folder, Buffer.alloc(32, 6));
    await write(writer, [1]);
    await writer.close();
    expect(seqsOf(await entries())).toEqual(['bad']);
    expect(await files.newest()).toBeNull();
  });
});
