import { rm, truncate } from 'node:fs/promises';
import path from 'node:path';
import { JobsEdge } from '../support/jobs-edge.js';

interface Body {
  readonly job_id?: string;
  readonly status_url?: string;
  readonly detail?: string;
  readonly errors?: { readonly field: string; readonly code: string }[];
}

describe('submitting jobs', () => {
  let on: JobsEdge;

  beforeAll(async () => {
    on = await JobsEdge.start({ publicUrl: 'https://models.hospital.example' });
  });
  afterAll(() => on.close());

  async function submit(body: string, headers: Record<string, string> = {}) {
    const answer = await on.request('north', '/jobs', {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    });
    return { status: answer.status, body: (await answer.json()) as Body };
  }

  it.each([
    ['gone', (file: string) => rm(file), 'names no file'],
    ['damaged', (file: string) => truncate(file, 5), 'is damaged; upload it again'],
  ])('is refused on a file whose bytes are %s', async (_, spoil, words) => {
    const id = await on.upload('north', '"no fever"\n');
    await spoil(path.join(on.folder, id));
    expect(await submit(JSON.stringify({ model: 'assertion', input_file_id: id }))).toMatchObject({
      status: 422,
      body: {
        errors: [{ field: 'input_file_id', code: 'unknown' }],
        detail: expect.stringContaining(words),
      },
    });
  });

  it('is refused with metadata of any depth, under a key too', async () => {
    const depth = 20_000;
    const metadata = `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    const body = `{"model":"assertion","inputs":["a"],"metadata":${metadata}}`;
    for (const headers of [undefined, { 'idempotency-key': 'deep' }]) {
      expect(await submit(body, headers)).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'metadata', code: 'too_deep' }] },
      });
    }
  });

  it('tells addresses as they are from outside, of a job and of its file', async () => {
    const upload = { method: 'POST', body: '"no fever"\n' };
    const uploaded = await on.request('north', '/v1/files', upload);
    const { file_id: id } = (await uploaded.json()) as { file_id: string };
    expect(uploaded.headers.get('location')).toBe(`https://models.hospital.example/v1/files/${id}`);
    const { body } = await submit(JSON.stringify({ model: 'assertion', input_file_id: id }));
    expect(body.status_url).toBe(`https://models.hospital.example/jobs/${body.job_id}`);
  });
});
