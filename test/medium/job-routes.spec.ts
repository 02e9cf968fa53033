import { connect } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { sql } from 'drizzle-orm';
import { eventually } from '../../apps/api/src/http/testing/edge-app.js';
import { JobsEdge } from '../support/jobs-edge.js';

interface Body {
  readonly job_id: string;
  readonly status?: string;
  readonly error_code?: string;
  readonly detail?: string;
  readonly errors?: { readonly field: string }[];
  readonly result?: { readonly index: number }[];
  readonly data?: { readonly job_id?: string; readonly index?: number }[];
  readonly next_cursor?: string | null;
  readonly total?: number;
}

const NOWHERE = '0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f';

describe('the job routes', () => {
  let on: JobsEdge;

  beforeAll(async () => {
    on = await JobsEdge.start({ heartbeatMs: 50 });
  });
  afterAll(() => on.close());

  async function ask(method: string, path: string, key = 'north') {
    const answer = await on.request(key, path, { method });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  }

  async function submit(body: object, headers: Record<string, string> = {}, path = '/jobs') {
    const answer = await on.post('north', path, body, headers);
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  }

  /** A job of so many items, in slices of fifty, and how many of them are worked on. */
  async function job(items: number, slices = Infinity): Promise<string> {
    const inputs = Array.from({ length: items }, (_, i) => (i % 10 === 3 ? 'fail' : `text ${i}`));
    const { body } = await submit({ model: 'assertion', inputs });
    if (slices > 0) await on.work(body.job_id, slices);
    return body.job_id;
  }

  it('accept a job, settle its version, and tell of it', async () => {
    const request = { model: 'assertion', inputs: ['no fever'], metadata: { study: 'A' } };
    const { status, headers, body } = await submit(request, {}, '/v1/jobs');
    const id = body.job_id;
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(`/v1/jobs/${id}`);
    expect(body).toEqual({
      job_id: id,
      task_id: id,
      status: 'pending',
      created_at: expect.stringMatching(/Z$/),
      status_url: `/v1/jobs/${id}`,
      total: 1,
    });
    await on.work(id);
    const done = (await ask('GET', `/tasks/${id}`)).body;
    expect(done).toMatchObject({
      status: 'completed',
      model: 'assertion',
      model_version: '1.1.0',
      metadata: { study: 'A' },
      progress: { current: 1, total: 1, failed: 0, percent: 100 },
      result_url: `/jobs/${id}/results`,
      result: [{ index: 0, prediction: { label: 'ABSENT' } }],
      error: null,
      webhook: null,
    });
    expect((await ask('GET', '/jobs?status=completed')).body.data).toMatchObject([{ job_id: id }]);
    expect(on.audited.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['job.submit', 'job.read_results']),
    );
  });

  it('take sentences for the default model', async () => {
    const single = await submit({ text: 'no fever' }, {}, '/predict/async');
    const many = await submit(
      { sentences: ['a', { sentence: 'cough and fever', entity: 'fever' }] },
      {},
      '/predict/async',
    );
    expect([single, many]).toMatchObject([
      { status: 202, body: { total: 1 } },
      { status: 202, body: { total: 2 } },
    ]);
    const refused = await submit({ text: 'a', texts: ['b'] }, {}, '/predict/async');
    expect(refused).toMatchObject({ status: 422, body: { errors: [{ code: 'ambiguous' }] } });
    const unmailed = await submit({ text: 'a', email: 'a@b' }, {}, '/predict/async');
    expect(unmailed).toMatchObject({ status: 422, body: { errors: [{ field: 'email' }] } });
  });

  it.each([
    [{ model: 'assertion' }, 422, 'inputs'],
    [{ model: 'assertion', inputs: [] }, 422, 'inputs'],
    [{ model: 'assertion', inputs: ['a', ' '] }, 422, 'inputs[1]'],
    [
      { model: 'assertion', inputs: ['a', { text: 'b', entity: 'Smith' }] },
      422,
      'inputs[1].entity',
    ],
    [{ model: 'assertion', inputs: ['a', { txt: 'b' }] }, 422, 'inputs[1].txt'],
    [{ model: 'assertion', inputs: ['a'], input_file_id: NOWHERE }, 422, 'inputs'],
    [{ model: 'assertion', input_file_id: NOWHERE }, 422, 'input_file_id'],
    [{ model: 'assertion', input_file_id: '7' }, 422, 'input_file_id'],
    [{ model: 'assertion', inputs: Array(301).fill('a') }, 422, 'inputs'],
    [{ model: 'assertion', inputs: ['a'], metadata: { x: 'y'.repeat(9_000) } }, 422, 'metadata'],
    [{ model: 'assertion', inputs: ['a'], notify_email: 'a@b' }, 422, 'notify_email'],
    [
      { model: 'assertion', inputs: ['a'], callback_events: ['job.lost'] },
      422,
      'callback_events[0]',
    ],
    [{ model: 'unknown', inputs: ['a'] }, 404, undefined],
    [{ model: 'assertion', model_version: '9.9.9', inputs: ['a'] }, 400, undefined],
  ])('refuse a wrong submission before accepting anything (%#)', async (request, status, field) => {
    const before = (await ask('GET', '/jobs')).body.total;
    const answer = await submit(request);
    expect(answer.status).toBe(status);
    expect(answer.body.errors?.[0]?.field).toBe(field);
    expect(JSON.stringify(answer.body)).not.toContain('Smith');
    expect((await ask('GET', '/jobs')).body.total).toBe(before);
  });

  it('take a body of megabytes from those who may submit, and from nobody else', async () => {
    const inputs = Array.from({ length: 300 }, () => 'x'.repeat(10_000));
    expect((await submit({ model: 'assertion', inputs })).status).toBe(202);
    const refused = await on.post('caller', '/jobs', { model: 'assertion', inputs });
    expect(refused.status).toBe(403);
    const large = await submit({ model: 'assertion', inputs: ['x'.repeat(9_000_000)] });
    expect([large.status, large.body.detail]).toEqual([413, expect.stringContaining('8388608')]);
  });

  it('accept a file unless the model can read none of its first rows', async () => {
    const good = await on.upload('north', '{"text":"a","entity":"b"}\n"no fever"\n');
    const bad = await on.upload('north', '{"text":"a","entity":"b"}\n" "\n');
    const foreign = await on.upload('south', '"a"\n');
    expect(await submit({ model: 'assertion', input_file_id: good })).toMatchObject({
      status: 202,
      body: { total: 2 },
    });
    expect((await submit({ model: 'assertion', input_file_id: bad })).body.errors).toMatchObject([
      { field: 'rows[0].entity' },
    ]);
    expect((await submit({ model: 'assertion', input_file_id: foreign })).status).toBe(422);
  });

  it('answer a repeated request as the first time, and refuse another under its key', async () => {
    const key = { 'Idempotency-Key': 'k-1' };
    const request = { model: 'assertion', inputs: ['a'], metadata: { a: 1, b: 2 } };
    const first = await submit(request, key);
    await on.work(first.body.job_id);
    const second = await submit(
      { metadata: { b: 2, a: 1 }, inputs: ['a'], model: 'assertion' },
      key,
    );
    expect([second.status, second.body]).toEqual([202, first.body]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    const other = await submit({ ...request, inputs: ['b'] }, key);
    expect([other.status, other.body.error_code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    const south = await on.post('south', '/jobs', { ...request, inputs: ['b'] }, key);
    expect(south.status).toBe(202);
    expect((await submit(request, { 'Idempotency-Key': 'two words' })).status).toBe(400);
  });

  it('answer a repeated request as the first time even when its file is gone', async () => {
    const key = { 'Idempotency-Key': 'k-4' };
    const file = await on.upload('north', '"no fever"\n');
    const request = { model: 'assertion', input_file_id: file };
    const first = await submit(request, key);
    await on.work(first.body.job_id);
    expect((await on.request('north', `/files/${file}`, { method: 'DELETE' })).status).toBe(204);
    expect((await submit(request, key)).body).toEqual(first.body);
    expect((await submit(request)).status).toBe(422);
  });

  it('count the items of an accepted job once, and refuse what is over the quota', async () => {
    on.charged = 0;
    const key = { 'Idempotency-Key': 'k-3' };
    const request = { model: 'assertion', inputs: ['a', 'b'] };
    const first = await submit(request, key);
    await submit(request, key);
    await submit({ ...request, inputs: ['a', ' '] });
    expect(on.charged).toBe(2);
    on.quota = 3;
    const before = (await ask('GET', '/jobs')).body.total;
    const refused = await submit(request);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect((await ask('GET', '/jobs')).body.total).toBe(before);
    expect((await submit(request, key)).body).toEqual(first.body);
    on.quota = Infinity;
  });

  it('accept one of many equal requests at the same time', async () => {
    const key = { 'Idempotency-Key': 'k-2' };
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => submit({ model: 'assertion', inputs: ['a'] }, key)),
    );
    const accepted = answers.filter(({ status }) => status === 202);
    expect(new Set(accepted.map(({ body }) => body.job_id)).size).toBe(1);
    for (const { status, body } of answers) {
      if (status !== 202)
        expect([status, body.error_code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE']);
    }
  });

  it('keep jobs from other tenants', async () => {
    const id = await job(1);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['DELETE', '?purge=true'],
      ['GET', '/results'],
      ['GET', '/results?format=csv'],
      ['GET', '/events'],
    ] as const) {
      expect((await ask(method, `/jobs/${id}${path}`, 'south')).status).toBe(404);
    }
    expect((await ask('GET', '/jobs/nonsense')).status).toBe(404);
    expect((await ask('GET', `/jobs/${id}`, 'caller')).status).toBe(403);
    const listed = (await ask('GET', '/jobs?limit=1000', 'south')).body.data ?? [];
    expect(listed.map(({ job_id }) => job_id)).not.toContain(id);
  });

  it('cancel a job once, and erase a finished one', async () => {
    const id = await job(1, 0);
    expect((await ask('DELETE', `/jobs/${id}?purge=true`)).body.error_code).toBe('CONFLICT');
    expect((await ask('DELETE', `/tasks/${id}`)).body).toMatchObject({ status: 'cancelled' });
    const again = await ask('DELETE', `/jobs/${id}`);
    expect([again.status, again.body.error_code]).toEqual([409, 'JOB_ALREADY_FINISHED']);
    const done = await job(1);
    expect((await ask('DELETE', `/jobs/${done}?purge=true`)).body).toMatchObject({
      status: 'completed',
      purged_at: expect.any(String),
    });
    expect((await ask('GET', `/jobs/${done}/results`)).status).toBe(404);
  });

  describe('asked for results', () => {
    let id: string;
    beforeAll(async () => {
      id = await job(250);
    });

    it('give pages in the order of the items, each item its own failure', async () => {
      const indexes: number[] = [];
      let cursor: string | null | undefined = '0';
      while (cursor != null) {
        const { body } = await ask('GET', `/jobs/${id}/results?limit=100&cursor=${cursor}`);
        expect(body).toMatchObject({ job_id: id, status: 'completed', complete: true, total: 250 });
        indexes.push(...(body.data ?? []).map(({ index = -1 }) => index));
        cursor = body.next_cursor;
      }
      expect(indexes).toEqual(Array.from({ length: 250 }, (_, i) => i));
      const { body } = await ask('GET', `/jobs/${id}/results?limit=1&cursor=13`);
      expect(body.data).toEqual([
        { index: 13, error: { code: 'TEXT_TOO_LONG', message: '=too long' } },
      ]);
    });

    it('stream lines from any item on, compressed when asked', async () => {
      const get = (query: string) =>
        on.request('north', `/jobs/${id}/results?format=jsonl${query}`, {
          headers: { 'accept-encoding': 'identity' },
        });
      const whole = await (await get('')).text();
      expect(whole.split('\n')).toHaveLength(251);
      const rest = await (await get('&cursor=200')).text();
      expect(whole.endsWith(rest)).toBe(true);
      expect(rest.startsWith('{"index":200,')).toBe(true);
      expect((await (await get('&cursor=10&limit=3')).text()).split('\n')).toHaveLength(4);
      const raw = await rawResults('gzip;q=0.5');
      expect(raw.head).toContain('Content-Encoding: gzip');
      expect(gunzipSync(raw.body).toString()).toBe(whole);
      expect((await rawResults('gzip;q=0')).body.toString()).toBe(whole);
    });

    async function rawResults(encoding: string): Promise<{ head: string; body: Buffer }> {
      const answer = await new Promise<Buffer>((resolve) => {
        const socket = connect(on.edge.port, '127.0.0.1');
        const chunks: Buffer[] = [];
        socket.on('data', (chunk) => chunks.push(chunk));
        socket.on('close', () => resolve(Buffer.concat(chunks)));
        socket.write(
          `GET /jobs/${id}/results?format=jsonl HTTP/1.0\r\nX-API-Key: north\r\nAccept-Encoding: ${encoding}\r\n\r\n`,
        );
      });
      const end = answer.indexOf('\r\n\r\n');
      return { head: answer.toString('latin1', 0, end), body: answer.subarray(end + 4) };
    }

    it('write CSV that spreadsheets do not run', async () => {
      const answer = await on.request('north', `/jobs/${id}/results?format=csv`);
      expect(answer.headers.get('content-type')).toContain('text/csv');
      const lines = (await answer.text()).split('\r\n');
      expect(lines).toHaveLength(252);
      expect(lines[0]).toMatch(/^index,prediction_id,label,score,/);
      expect(lines[1]).toBe('0,p0,ABSENT,0.5,,,,,,,');
      expect(lines[4]).toBe("3,,,,,,,,,TEXT_TOO_LONG,'=too long");
    });

    it('record every reading, with its reason, and give nothing when that fails', async () => {
      on.audited.length = 0;
      await on.request('north', `/jobs/${id}/results?format=csv`, {
        headers: { 'x-access-reason': 'study 17' },
      });
      expect(on.audited).toMatchObject([
        {
          action: 'job.read_results',
          object: { kind: 'job', id },
          reason: 'study 17',
          actor: { id: 'north' },
        },
      ]);
      on.auditBroken = true;
      expect((await on.request('north', `/jobs/${id}/results?format=jsonl`)).status).toBe(500);
      on.auditBroken = false;
    });

    it.each(['format=xml', 'cursor=-1', 'cursor=x', 'limit=0', 'limit=1001'])(
      'refuse %s',
      async (query) => {
        expect((await ask('GET', `/jobs/${id}/results?${query}`)).status).toBe(422);
      },
    );
  });

  it('give what a running job has without a gap, and where to go on', async () => {
    const id = await job(200, 2);
    const page = (await ask('GET', `/jobs/${id}/results?limit=1000`)).body;
    expect(page).toMatchObject({ status: 'processing', complete: false, next_cursor: '100' });
    expect(page.data).toHaveLength(100);
    await on.fresh.database.db.execute(
      sql`delete from job_results where job_id = ${id} and first_item = 0`,
    );
    expect((await ask('GET', `/jobs/${id}/results`)).body).toMatchObject({
      data: [],
      next_cursor: '0',
    });
  });

  it('give what there is of a cancelled job, and say that it is not all', async () => {
    const id = await job(10, 0);
    await ask('DELETE', `/jobs/${id}`);
    const answer = await on.request('north', `/jobs/${id}/results?format=jsonl`);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
    expect(answer.headers.get('x-results-complete')).toBe('false');
    expect(answer.headers.get('x-job-status')).toBe('cancelled');
  });

  describe('followed', () => {
    const events = (text: string) => [...text.matchAll(/^event: (\w+)$/gm)].map(([, type]) => type);

    it('tell what happens as it happens, with signs of life, and end with the job', async () => {
      const id = await job(1, 0);
      const answer = await on.request('north', `/jobs/${id}/events`);
      expect(answer.headers.get('content-type')).toContain('text/event-stream');
      let text = '';
      const reading = (async () => {
        for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) text += chunk;
      })();
      await eventually(() => text.includes('event: queued') && text.includes(': still here'));
      expect(text).toMatch(
        /^retry: \d+\n\n(: still here\n\n)*id: \d+\nevent: queued\ndata: \{"job_id":/,
      );
      await on.work(id);
      await reading;
      expect(events(text).at(0)).toBe('queued');
      expect(events(text).at(-1)).toBe('completed');
      expect(text).toContain(`"result_url":"/jobs/${id}/results"`);
      const [, last = ''] = [...text.matchAll(/^id: (\d+)$/gm)].at(-1) ?? [];
      const resumed = await on.request('north', `/jobs/${id}/stream`, {
        headers: { 'last-event-id': last },
      });
      expect(events(await resumed.text())).toEqual([]);
      const first = /^id: (\d+)$/m.exec(text)?.[1] ?? '';
      const rest = await on.request('north', `/v1/jobs/${id}/events`, {
        headers: { 'last-event-id': first },
      });
      expect(events(await rest.text()).at(-1)).toBe('completed');
      const wrong = await on.request('north', `/jobs/${id}/events`, {
        headers: { 'last-event-id': 'x' },
      });
      expect(wrong.status).toBe(400);
    });

    it('let go of a client that leaves', async () => {
      const id = await job(1, 0);
      const leaving = new AbortController();
      await on.request('north', `/jobs/${id}/events`, { signal: leaving.signal });
      expect(on.streams.count).toBeGreaterThan(0);
      leaving.abort();
      await eventually(() => on.streams.count === 0);
    });
  });
});
