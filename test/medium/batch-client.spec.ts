import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sql } from 'drizzle-orm';
import { runBatch } from '../../tools/batch/commands.js';
import { downloadResults } from '../../tools/batch/download-results.js';
import { ServiceClient } from '../../tools/batch/service-client.js';
import { JobsEdge } from '../support/jobs-edge.js';

/** Passes connections on, and breaks them as a restarting service does. */
class BreakingProxy {
  private readonly sockets = new Set<Socket>();
  /** Bytes after which an answer is cut off; one use. */
  readonly cutAfter: number[] = [];
  away = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  static async start(target: number): Promise<BreakingProxy> {
    const server = createServer((client) => proxy.pass(client, target));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
    });
    const proxy = new BreakingProxy(server, port);
    return proxy;
  }

  breakAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.breakAll();
    this.server.close();
  }

  private pass(client: Socket, target: number): void {
    client.on('error', () => undefined);
    if (this.away) {
      client.destroy();
      return;
    }
    const upstream = connect(target, '127.0.0.1');
    upstream.on('error', () => undefined);
    const end = () => {
      client.destroy();
      upstream.destroy();
      this.sockets.delete(client);
    };
    this.sockets.add(client);
    client.on('close', end).on('data', (chunk) => upstream.write(chunk));
    let passed = 0;
    upstream.on('close', end).on('data', (chunk) => {
      passed += chunk.length;
      const cut = this.cutAfter[0];
      if (cut !== undefined && passed > cut) {
        this.cutAfter.shift();
        client.write(chunk.subarray(0, 100), end);
      } else client.write(chunk);
    });
  }
}

describe('npm run batch', () => {
  const ITEMS = 400;
  let on: JobsEdge;
  let proxy: BreakingProxy;
  let folder: string;
  let input: string;
  let output: string;

  beforeAll(async () => {
    on = await JobsEdge.start();
    proxy = await BreakingProxy.start(on.edge.port);
    folder = await mkdtemp(path.join(tmpdir(), 'clinserve-batch-'));
    input = path.join(folder, 'input.jsonl');
    const rows = Array.from({ length: ITEMS }, (_, i) => JSON.stringify(`text ${i}`));
    await writeFile(input, rows.join('\n'));
  });
  afterAll(async () => {
    proxy.close();
    await on.close();
    await rm(folder, { recursive: true });
  });
  beforeEach(async () => {
    output = path.join(await mkdtemp(path.join(folder, 'run-')), 'output.jsonl');
  });

  async function run(...more: string[]) {
    const said: string[] = [];
    const code = await runBatch(
      [
        ...[input, output, '--url', `http://127.0.0.1:${proxy.port}`, '--key', 'north'],
        ...['--model', 'assertion@1.0.0', '--patience', '0.08', ...more],
      ],
      {
        print: (text) => said.push(text),
        printError: (text) => said.push(text),
        screen: { write: (text) => said.push(text) },
      },
    );
    return { code, said: said.join('\n') };
  }

  /** Works on the next job that comes, `before` slices, then the rest once told. */
  async function nextJob(): Promise<string> {
    const { db } = on.fresh.database;
    for (let tries = 0; tries < 500; tries++) {
      const { rows } = await db.execute<{ id: string }>(
        sql`select id from jobs where status in ('pending', 'processing') limit 1`,
      );
      if (rows[0] !== undefined) return rows[0].id;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('no job came');
  }

  /** Lets the deadline of what runs pass. */
  async function failJobs(): Promise<void> {
    on.now = () => new Date(Date.now() + 73 * 3_600_000);
    await on.jobs.sweep();
    on.now = () => new Date();
  }

  async function assertComplete(): Promise<void> {
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    const indexes = lines.map((line) => (JSON.parse(line) as { index: number }).index);
    expect(indexes).toEqual(Array.from({ length: ITEMS }, (_, i) => i));
    expect(await readdir(path.dirname(output))).toEqual(['output.jsonl']);
  }

  it('writes the results of a file, and leaves nothing else', async () => {
    const running = run();
    await on.work(await nextJob());
    expect(await running).toMatchObject({ code: 0, said: expect.stringContaining('400 items') });
    await assertComplete();
  });

  it('goes on through lost connections and an absence, and makes one job', async () => {
    // The answers to the upload and to the submission get lost, then the results are cut twice.
    proxy.cutAfter.push(10, 10);
    const running = run();
    const id = await nextJob();
    await on.work(id, 2);
    proxy.away = true;
    proxy.breakAll();
    await new Promise((resolve) => setTimeout(resolve, 700));
    proxy.away = false;
    proxy.cutAfter.push(3_000, 9_000);
    await on.work(id);
    const { code, said } = await running;
    expect([code, said]).toEqual([0, expect.stringContaining('The service is back')]);
    await assertComplete();
    const { rows } = await on.fresh.database.db.execute(
      sql`select id from jobs where created_at >= (select created_at from jobs where id = ${id})`,
    );
    expect(rows).toHaveLength(1);
  });

  it('goes on with the same job when it is run again', async () => {
    const first = run();
    const id = await nextJob();
    proxy.away = true;
    proxy.breakAll();
    expect(await first).toMatchObject({ code: 1, said: expect.stringContaining('--patience') });
    proxy.away = false;
    await writeFile(`${output}.part`, '{"index":0}\n{"index":1}\n{"ind');
    await on.work(id);
    expect((await run()).said).toContain(id);
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\n');
    expect(lines.slice(0, 2)).toEqual(['{"index":0}', '{"index":1}']);
    await assertComplete();
  }, 40_000);

  it.each([
    ['with --restart', ['--restart'], '{"index":0,"of":"another job"}\n'],
    ['where no earlier run is known', [], '{"index":0,"of":"another job"}\n'],
    ['in another format', ['--restart'], 'index,of\r\n0,another job\r\n'],
  ])('begins anew %s, without the results of another job', async (_, more, results) => {
    if (more.length > 0) await writeFile(`${output}.batch.json`, 'an earlier run');
    await writeFile(`${output}.part`, results);
    const running = run(...more);
    await on.work(await nextJob());
    expect(await running).toMatchObject({ code: 0 });
    expect((await readFile(output, 'utf8')).includes('another job')).toBe(false);
    await assertComplete();
  });

  it('writes one heading when only a heading had arrived', async () => {
    const inputs = ['a', 'b'];
    const answer = await on.post('north', '/jobs', { model: 'assertion', inputs });
    const { job_id: id } = (await answer.json()) as { job_id: string };
    await on.work(id);
    await writeFile(`${output}.part`, 'index,label\r\n0,PRE');
    await downloadResults(new ServiceClient(on.edge.url, 'north', 1_000), id, 'csv', output, 2);
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\r\n');
    expect(lines.map((line) => line.split(',')[0])).toEqual(['index', '0', '1']);
  });

  it('leaves no partial results of another job when it is stopped', async () => {
    await writeFile(`${output}.part`, '{"index":0}\n');
    expect((await run('--restart', '--model', 'unknown')).code).toBe(1);
    expect(await readdir(path.dirname(output))).not.toContain('output.jsonl.part');
  });

  it('retries the job when it failed and is run again', async () => {
    const first = run();
    const id = await nextJob();
    await on.work(id, 2);
    await failJobs();
    expect(await first).toMatchObject({ code: 1, said: expect.stringContaining('to retry it') });
    // The answer to the retry gets lost.
    proxy.cutAfter.push(10);
    const second = run();
    expect(await nextJob()).toBe(id);
    await on.work(id);
    expect(await second).toMatchObject({ code: 0, said: expect.stringContaining('is back') });
    await assertComplete();
  });

  it.each([
    ['has been purged', [], (id: string) => purge(id)],
    ['is not there any more', [], (id: string) => forget(id)],
    ['was of another command', ['--truncate'], () => undefined],
  ])('begins anew after a failed job that %s', async (_, more, change) => {
    const first = run();
    const id = await nextJob();
    await failJobs();
    expect((await first).code).toBe(1);
    await change(id);
    const second = run(...more);
    const next = await nextJob();
    expect(next).not.toBe(id);
    await on.work(next);
    expect(await second).toMatchObject({ code: 0 });
    await assertComplete();
  });

  async function purge(id: string): Promise<void> {
    const purged = await on.request('north', `/jobs/${id}?purge=true`, { method: 'DELETE' });
    expect(purged.status).toBe(200);
  }

  async function forget(id: string): Promise<void> {
    await on.fresh.database.db.execute(sql`delete from jobs where id = ${id}`);
  }

  it('says what the service refuses, and what is wrong here', async () => {
    const wrong = path.join(folder, 'wrong.jsonl');
    await writeFile(wrong, '"a"\n{"text": 7}\n');
    const refused = await runBatch(
      [wrong, output, '--url', on.edge.url, '--key', 'north', '--model', 'assertion'],
      {
        print: () => {},
        printError: (text) => expect(text).toContain('rows[1] (line 2)'),
        screen: { write: () => {} },
      },
    );
    expect(refused).toBe(1);
    expect((await run('--model', 'unknown')).said).toContain('MODEL_NOT_FOUND');
    const other = await run('--truncate');
    expect([other.code, other.said]).toEqual([1, expect.stringContaining('--restart')]);
    expect((await run('--format', 'xml')).code).toBe(2);
  });

  it('says with its exit code that items failed, and writes CSV', async () => {
    await writeFile(path.join(folder, 'some.csv'), 'id,text\n1,fine\n2,fail\n');
    output = output.replace('.jsonl', '.csv');
    input = path.join(folder, 'some.csv');
    const running = run();
    await on.work(await nextJob());
    expect(await running).toMatchObject({ code: 3, said: expect.stringContaining('1 of them') });
    const lines = (await readFile(output, 'utf8')).trimEnd().split('\r\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toContain('TEXT_TOO_LONG');
  });
});
