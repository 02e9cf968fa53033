import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import type { ProgressBar } from './progress-bar.js';
import type { ServiceClient } from './service-client.js';

export interface UploadedFile {
  readonly file_id: string;
  readonly rows: number;
}

/** Sends the inputs; begins anew when the connection breaks. @throws BatchError naming the row when one is wrong */
export async function uploadInputs(
  client: ServiceClient,
  input: string,
  bar: ProgressBar,
): Promise<UploadedFile> {
  const { size } = await stat(input);
  return client.json<UploadedFile>('/files', {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: () =>
      Readable.toWeb(Readable.from(pieces(input, size, bar))) as ReadableStream<Uint8Array>,
  });
}

async function* pieces(input: string, size: number, bar: ProgressBar): AsyncGenerator<Buffer> {
  let sent = 0;
  for await (const piece of createReadStream(input, { highWaterMark: 262_144 })) {
    yield piece as Buffer;
    sent += (piece as Buffer).length;
    bar.bytes('sent', sent, size);
  }
}
