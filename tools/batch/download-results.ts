import { open, rename, type FileHandle } from 'node:fs/promises';
import { BatchError } from './batch-error.js';
import type { ServiceClient } from './service-client.js';

type ResultFormat = 'jsonl' | 'csv';

const LF = 0x0a;
/** No line of results is as long as this. */
const TAIL_BYTES = 8 * 1_048_576;

/** Where results are gathered until all are there; of one job only. */
export function partialFileOf(output: string): string {
  return `${output}.part`;
}

/**
 * Fetches a finished job's results into `output`. They are gathered in a file
 * beside it, which a later try or run goes on with, and renamed when all are there.
 *
 * @param total items that must be there; null when some may be lacking
 * @throws BatchError when the service refuses or stays away too long
 */
export async function downloadResults(
  client: ServiceClient,
  jobId: string,
  format: ResultFormat,
  output: string,
  total: number | null,
): Promise<void> {
  const unfinished = partialFileOf(output);
  const file = await open(unfinished, 'a+');
  const path = async () => {
    const next = await cutToWholeLines(file, format);
    // The heading comes again with the first item.
    if (next === 0) await file.truncate(0);
    return `/jobs/${jobId}/results?format=${format}&cursor=${next}`;
  };
  try {
    await client.use(path, {}, async (answer) => {
      const pieces = (answer.body ?? []) as AsyncIterable<Uint8Array>;
      for await (const piece of pieces) {
        await file.appendFile(piece);
        client.succeeded();
      }
    });
    const there = await cutToWholeLines(file, format);
    if (total !== null && there !== total) {
      throw new BatchError(`The service gave results of ${there} items where there are ${total}.`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, output);
}

/** Cuts off a line that did not arrive whole. @returns the item after the last whole line */
async function cutToWholeLines(file: FileHandle, format: ResultFormat): Promise<number> {
  const { size } = await file.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = Buffer.alloc(size - from);
  await file.read(tail, 0, tail.length, from);
  const end = tail.lastIndexOf(LF);
  await file.truncate(from + end + 1);
  if (end === -1) return 0;
  const begin = end === 0 ? -1 : tail.lastIndexOf(LF, end - 1);
  return indexOf(tail.toString('utf8', begin + 1, end), format) + 1;
}

/** The item that a line is about; -1 for a CSV's heading. */
function indexOf(line: string, format: ResultFormat): number {
  if (format === 'csv') {
    const index = /^\d+(?=,)/.exec(line);
    return index === null ? -1 : Number(index[0]);
  }
  return (JSON.parse(line) as { index: number }).index;
}
