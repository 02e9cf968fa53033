import { createHash } from 'node:crypto';
import { readdir, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, exchangeRaw } from '../../apps/api/src/http/testing/edge-app.js';
import { JobsEdge } from '../support/jobs-edge.js';

interface Body {
  readonly file_id?: string;
  readonly error_code?: string;
  readonly detail?: string;
}

describe('the file routes', () => {
  let on: JobsEdge;

  beforeAll(async () => {
    on = await JobsEdge.start({
      server: { requestTimeoutMs: 600, headersTimeoutMs: 500, connectionsCheckingIntervalMs: 50 },
    });
  });
  afterAll(() => on.close());

  const JSONL = '{"text":"no fever"}\n{"text":"cough","entity":"cough"}\n';

  async function upload(body: RequestInit['body'], headers: Record<string, string> = {}) {
    const answer = await on.request('north', '/files', { method: 'POST', body, headers });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  }

  async function openFiles(): Promise<string[]> {
    const fds = await readdir('/proc/self/fd');
    const targets = await Promise.all(
      fds.map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return targets.filter((target) => target.startsWith(on.folder));
  }

  it('take a file as the body, whatever it is called, and tell of it', async () => {
    const { status, headers, body } = await upload(JSONL, { 'content-type': 'text/csv' });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/files/${body.file_id}`);
    expect(body).toEqual({
      file_id: expect.any(String),
      size: Buffer.byteLength(JSONL),
      sha256: createHash('sha256').update(JSONL).digest('hex'),
      format: 'jsonl',
      rows: 2,
      columns: null,
      created_at: expect.stringMatching(/Z$/),
      expires_at: expect.stringMatching(/Z$/),
    });
    const again = await on.request('north', `/v1/files/${body.file_id}`);
    expect(await again.json()).toEqual(body);
    expect(on.audited.at(-1)).toMatchObject({ action: 'file.upload', tenantId: 'north' });
  });

  it('take the file of a form, past its other fields', async () => {
    const form = new FormData();
    form.set('note', 'x');
    form.set('file', new Blob(['text,id\n"no\nfever",1\n']), 'anything.jsonl');
    const { status, body } = await upload(form);
    expect([status, body]).toMatchObject([
      201,
      { format: 'csv', rows: 1, columns: ['text', 'id'] },
    ]);
  });

  it('keep files from other tenants, and from callers without the permission', async () => {
    const { file_id: id } = (await upload(JSONL)).body;
    for (const method of ['GET', 'DELETE']) {
      expect((await on.request('south', `/files/${id}`, { method })).status).toBe(404);
    }
    expect((await on.request('caller', `/files/${id}`)).status).toBe(403);
    expect((await on.request('caller', '/files', { method: 'POST', body: JSONL })).status).toBe(
      403,
    );
    expect((await on.request('north', `/files/${id}`)).status).toBe(200);
  });

  it('remove a file with its bytes, unless a job reads it', async () => {
    const { file_id: id } = (await upload(JSONL)).body;
    const job = { model: 'assertion', input_file_id: id };
    const { job_id: jobId } = (await (await on.post('north', '/jobs', job)).json()) as {
      job_id: string;
    };
    const refused = await on.request('north', `/files/${id}`, { method: 'DELETE' });
    expect([refused.status, await refused.json()]).toMatchObject([
      409,
      { error_code: 'CONFLICT', detail: expect.stringContaining('Cancel it') },
    ]);
    await on.request('north', `/jobs/${jobId}`, { method: 'DELETE' });
    // However its id is written.
    const written = `/files/${id?.toUpperCase()}`;
    expect((await on.request('north', written, { method: 'DELETE' })).status).toBe(204);
    expect((await on.request('north', `/files/${id}`)).status).toBe(404);
    expect(await on.stored()).not.toContain(id);
    expect(on.audited.at(-1)).toMatchObject({ action: 'file.delete', object: { id } });
  });

  it.each([
    ['a row that is none', `${JSONL}{"text":7}`, {}, 422, 'rows[2] (line 3)'],
    ['no rows', 'text\n', {}, 422, 'no rows'],
    ['gzip', Buffer.from('1f8b080000', 'hex'), {}, 415, 'gzip'],
    ['a compressed body', JSONL, { 'content-encoding': 'gzip' }, 415, 'uncompressed'],
    ['nothing', null, {}, 400, 'no body'],
    [
      'a form without end',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n"a"\n',
      { 'content-type': 'multipart/form-data; boundary=x' },
      400,
      'cut short',
    ],
    [
      'a form without a boundary',
      JSONL,
      { 'content-type': 'multipart/form-data' },
      400,
      'boundary',
    ],
    [
      'a form without a file',
      '--x\r\nContent-Disposition: form-data; name="file"\r\n\r\n"a"\r\n--x--\r\n',
      { 'content-type': 'multipart/form-data; boundary=x' },
      422,
      'holds no file',
    ],
  ])('refuse %s and keep nothing of it', async (_, body, headers, status, words) => {
    const before = await on.stored();
    const answer = await upload(body as RequestInit['body'], headers);
    expect([answer.status, answer.body.detail]).toEqual([status, expect.stringContaining(words)]);
    expect(await on.stored()).toEqual(before);
    expect(await openFiles()).toEqual([]);
  });

  it('refuse a form with two files', async () => {
    const form = new FormData();
    form.append('a', new Blob([JSONL]), 'a');
    form.append('b', new Blob([JSONL]), 'b');
    const before = await on.stored();
    expect(await upload(form)).toMatchObject({ status: 422 });
    expect(await on.stored()).toEqual(before);
  });

  it('refuse what is too large, announced or not, and the client can read why', async () => {
    const before = await on.stored();
    const row = `${JSON.stringify('x'.repeat(10_000))}\n`;
    const announced = await upload(row.repeat(110));
    const streamed = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(Buffer.from(row)),
    });
    const endless = await on.request('north', '/files', {
      method: 'POST',
      body: streamed,
      duplex: 'half',
    });
    expect([announced.status, endless.status]).toEqual([413, 413]);
    expect(announced.body.detail).toContain('1000000 bytes');
    expect(await on.stored()).toEqual(before);
    expect(await openFiles()).toEqual([]);
  });

  it('answer as soon as a row is at fault, while the client still sends', async () => {
    const raw = await exchangeRaw(
      on.edge.port,
      'POST /files HTTP/1.1\r\nHost: x\r\nX-API-Key: north\r\nContent-Length: 900000\r\n\r\n',
      '{"text": broken}\n'.repeat(100),
    );
    expect(raw).toMatch(/^HTTP\/1.1 422 /);
    expect(raw).toContain('Connection: close');
    expect(raw).toContain('rows[0] (line 1)');
  });

  it('leave nothing of a file whose sender leaves, in a form or not', async () => {
    const before = await on.stored();
    const part = '--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n';
    for (const [type, start] of [
      ['text/csv', ''],
      ['multipart/form-data; boundary=x', part],
    ] as const) {
      const socket = connect(on.edge.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(
        `POST /files HTTP/1.1\r\nHost: x\r\nX-API-Key: north\r\nContent-Type: ${type}\r\nContent-Length: 900000\r\n\r\n${start}${JSONL}`,
      );
      await untilStored(before.length + 1);
      socket.destroy();
      await untilStored(before.length);
    }
    expect(await openFiles()).toEqual([]);
    await eventually(() => on.edge.finished.at(-1)?.status === 499);
  });

  async function untilStored(count: number): Promise<void> {
    for (let tries = 0; (await on.stored()).length !== count; tries++) {
      if (tries === 200) throw new Error(`there are ${(await on.stored()).length} files`);
      await sleep(10);
    }
  }

  it('take a file that arrives slowly, longer than other requests may', async () => {
    const rows = ['"a"\n', '"b"\n', '"c"\n', '"d"\n'];
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        // The headers go out with the first row.
        if (rows.length < 4) await sleep(900);
        const row = rows.shift();
        if (row === undefined) controller.close();
        else controller.enqueue(Buffer.from(row));
      },
    });
    const answer = await on.request('north', '/files', {
      method: 'POST',
      body: slow,
      duplex: 'half',
    });
    expect([answer.status, await answer.json()]).toMatchObject([201, { rows: 4 }]);
  });

  it('answer a client that waits to be asked for the body', async () => {
    const socket = connect(on.edge.port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk));
    socket.write(
      'POST /files HTTP/1.1\r\nHost: x\r\nX-API-Key: north\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n',
    );
    await eventually(() => received.includes('100 Continue'));
    socket.write('"a"\n');
    await eventually(() => received.includes('201 Created'));
    socket.destroy();
  });

  it('keep nothing when the upload cannot be recorded', async () => {
    const before = await on.stored();
    on.auditBroken = true;
    expect((await upload(JSONL)).status).toBe(500);
    on.auditBroken = false;
    expect(await on.stored()).toEqual(before);
  });

  it('forget files after their time, but for those that unfinished jobs read', async () => {
    const [kept, lost] = [await on.upload('north', JSONL), await on.upload('north', JSONL)];
    await on.post('north', '/jobs', { model: 'assertion', input_file_id: kept });
    on.now = () => new Date(Date.now() + 25 * 3_600_000);
    expect(await on.files.removeExpired()).toBeGreaterThan(0);
    on.now = () => new Date();
    expect(await on.stored()).toContain(kept);
    expect(await on.stored()).not.toContain(lost);
    expect((await on.request('north', `/files/${lost}`)).status).toBe(404);
  });
});
