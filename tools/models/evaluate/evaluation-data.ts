import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SetupError } from '@app/common';

const CHECKSUMS = 'SHA256SUMS';
/** Served to steer the training: its figures would flatter the model. */
const NOT_FOR_EVALUATION = 'dev.jsonl';

/** One file of examples as it lies on disk. */
export interface DataFile {
  readonly path: string;
  /** Its name without the folder. */
  readonly name: string;
  readonly sha256: string;
  /** Whether SHA256SUMS beside it says the same; `unlisted` when it does not name the file. */
  readonly checksum: 'matches' | 'differs' | 'unlisted';
  /** Lines that hold something, each with its place: `test.jsonl:12`. */
  readonly lines: readonly { readonly text: string; readonly place: string }[];
}

/**
 * The examples to evaluate with: the file given, else all that are kept for the model.
 * @param folder where examples for this model are kept
 * @throws SetupError when there are none
 */
export async function readData(file: string | undefined, folder: string): Promise<DataFile[]> {
  const paths = file === undefined ? await keptFiles(folder) : [file];
  return Promise.all(paths.map(readDataFile));
}

/**
 * Whether a set is kept for measuring: SHA256SUMS names it. Who reads where a model fails on it
 * and trains the next one has no test any more.
 */
export function isFrozen({ checksum }: DataFile): boolean {
  return checksum !== 'unlisted';
}

async function keptFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  const kept = names.filter((name) => name.endsWith('.jsonl') && name !== NOT_FOR_EVALUATION);
  if (kept.length > 0) {
    // The test set first, the behavioural suite after it.
    return kept.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).map((n) => join(folder, n));
  }
  throw new SetupError(
    `There are no examples in ${folder}: name a file with --data, or put *.jsonl files there`,
  );
}

function rank(name: string): number {
  return name === 'test.jsonl' ? 0 : 1;
}

async function readDataFile(path: string): Promise<DataFile> {
  const name = basename(path);
  const bytes = await readFile(path).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException;
    throw new SetupError(`${path} cannot be read (${code ?? 'unreadable'}): check --data`);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const lines = bytes
    .toString('utf8')
    .split('\n')
    .map((text, i) => ({ text, place: `${name}:${i + 1}` }))
    .filter(({ text }) => text.trim() !== '');
  if (lines.length === 0) throw new SetupError(`${path} holds no example`);
  const expected = (await readChecksums(dirname(path))).get(name);
  const checksum =
    expected === undefined ? 'unlisted' : expected === sha256 ? 'matches' : 'differs';
  return { path, name, sha256, checksum, lines };
}

/** As `sha256sum` writes them; empty where there is no such file. */
async function readChecksums(folder: string): Promise<Map<string, string>> {
  const text = await readFile(join(folder, CHECKSUMS), 'utf8').catch(() => '');
  const entries = text.matchAll(/^([\da-f]{64}) [ *](?:\.\/)?(.+?)\r?$/gim);
  return new Map(Array.from(entries, ([, sum = '', name = '']) => [name, sum.toLowerCase()]));
}
