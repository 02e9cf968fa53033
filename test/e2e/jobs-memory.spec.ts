import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createHash } from 'node:crypto';
import { clinicalTexts } from '../support/clinical-texts.js';
import { JobsClient, type JobState } from '../support/jobs-client.js';
import { Service } from '../support/service.js';

const MEGABYTE = 1_000_000;
const UPLOAD_BYTES = Number(process.env.UPLOAD_MB ?? 120) * MEGABYTE;
const WARM_UP_ROWS = 20_000;
const JOB_ROWS = Number(process.env.JOB_ROWS ?? 12_000);

/** Looks at how much of the machine's memory a process holds, until told to stop. */
class MemoryWatch {
  readonly first: number;
  most: number;
  /** Bytes, in the order they were seen. */
  readonly seen: number[];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly pid: number) {
    this.first = this.read();
    this.most = this.first;
    this.seen = [this.first];
    this.timer = setInterval(() => this.look(), 50);
  }

  stop(): void {
    clearInterval(this.timer);
    this.look();
  }

  private look(): void {
    const now = this.read();
    this.seen.push(now);
    this.most = Math.max(this.most, now);
  }

  private read(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
  }
}

// What a process holds is read from /proc.
(process.platform === 'linux' ? describe : describe.skip)(
  'memory of a process with large files',
  () => {
    let service: Service;
    beforeAll(async () => {
      service = await Service.start({ MODELS: 'clinical-assertion', LANES: '1' });
      // What is loaded and compiled at the first use is not what grows with a file.
      for (let i = 0; i < 5; i++) await upload(service.url, lines(2 * MEGABYTE));
    }, 60_000);
    afterAll(async () => {
      await service?.stop();
    });

    it('grows by less than 64 MB while one is uploaded', async () => {
      const memory = new MemoryWatch(service.process.pid ?? 0);
      const { size, sha256, own } = await upload(service.url, lines(UPLOAD_BYTES));
      memory.stop();
      report('upload', memory);
      expect(size).toBeGreaterThanOrEqual(UPLOAD_BYTES);
      expect(sha256).toBe(own);
      expect(memory.most - memory.first).toBeLessThan(64 * MEGABYTE);
    }, 300_000);

    it('stays within 50 MB while a job works on one', async () => {
      // Until the heap has been collected for the first time, it is as large as at the start.
      await job(WARM_UP_ROWS);
      const memory = new MemoryWatch(service.process.pid ?? 0);
      expect(await job(JOB_ROWS)).toMatchObject({
        status: 'completed',
        progress: { current: JOB_ROWS, failed: 0 },
      });
      memory.stop();
      report('job', memory);
      expect(memory.most - memory.first).toBeLessThan(50 * MEGABYTE);
    }, 900_000);

    async function job(rows: number): Promise<JobState> {
      const { file_id } = await upload(service.url, jobLines(rows));
      const client = new JobsClient(service.url);
      const id = await client.submit({ model: 'clinical-assertion', input_file_id: file_id });
      return client.ended(id, 400_000);
    }
  },
);

/** So many bytes of rows, made as they are sent. */
function* lines(bytes: number): Generator<Buffer> {
  const texts = clinicalTexts(500, 11, 3);
  const part = Buffer.from(texts.map((sentence) => `${JSON.stringify({ sentence })}\n`).join(''));
  for (let made = 0; made < bytes; made += part.length) yield part;
}

function* jobLines(count: number): Generator<Buffer> {
  const texts = clinicalTexts(1_000, 12);
  const part = Buffer.from(texts.map((text) => `${JSON.stringify(text)}\n`).join(''));
  for (let rows = 0; rows < count; rows += texts.length) yield part;
}

interface Uploaded {
  readonly file_id: string;
  readonly size: number;
  readonly sha256: string;
  /** SHA-256 of what was sent. */
  readonly own: string;
}

/** Streams a file as the body of a request. */
async function upload(url: string, parts: Iterable<Buffer>): Promise<Uploaded> {
  const hash = createHash('sha256');
  const hashed = function* () {
    for (const part of parts) {
      hash.update(part);
      yield part;
    }
  };
  const answer = await new Promise<{ status: number | undefined; body: string }>(
    (resolve, reject) => {
      const request = httpRequest(`${url}/files`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-ndjson' },
      });
      request.on('error', reject);
      request.on('response', (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve({ status: response.statusCode, body }));
      });
      pipeline(Readable.from(hashed()), request).catch(reject);
    },
  );
  expect(answer).toMatchObject({ status: 201 });
  const body = JSON.parse(answer.body) as Omit<Uploaded, 'own'>;
  return { ...body, own: hash.digest('hex') };
}

function report(what: string, { first, most, seen }: MemoryWatch): void {
  if (process.env.UPLOAD_MB === undefined && process.env.JOB_ROWS === undefined) return;
  const mb = (bytes: number) => Math.round(bytes / MEGABYTE);
  const every = Math.ceil(seen.length / 20);
  const some = seen.filter((_, i) => i % every === 0).map(mb);
  console.log(`${what}: from ${mb(first)} to at most ${mb(most)} MB (${some.join(' ')})`);
}
