import { eventually } from '../support/eventually.js';
import { JobsEdge } from '../support/jobs-edge.js';

interface Answer {
  readonly job_id: string;
  readonly status?: string;
  readonly queue_position?: number;
}

describe('where a job stands while it waits', () => {
  let on: JobsEdge;

  beforeEach(async () => {
    on = await JobsEdge.start({ positionMs: 50 });
  });
  afterEach(() => on.close());

  async function submit(key: string, inputs: readonly string[] = ['no fever']): Promise<string> {
    const answer = await on.post(key, '/jobs', { model: 'assertion', inputs });
    return ((await answer.json()) as Answer).job_id;
  }

  async function get(key: string, id: string): Promise<Answer> {
    return (await (await on.request(key, `/jobs/${id}`)).json()) as Answer;
  }

  /** A job whose two slices leave no room for others: nothing is done with them. */
  async function occupy(key: string): Promise<string> {
    const id = await submit(key, Array<string>(100).fill('no fever'));
    await eventually(async () => (await get(key, id)).status === 'processing');
    return id;
  }

  async function positions(key: string, ids: readonly string[]) {
    return Promise.all(ids.map(async (id) => (await get(key, id)).queue_position));
  }

  it('is told by the turns that tenants take, from what each has at work', async () => {
    const running = await occupy('north');
    const north = [await submit('north'), await submit('north'), await submit('north')];
    const south = [await submit('south'), await submit('south')];
    // South's first is everybody's next; its second is a tenant's second like north's first.
    expect(await positions('south', south)).toEqual([1, 3]);
    expect(await positions('north', [running, ...north])).toEqual([undefined, 2, 4, 5]);
    const list = await on.request('north', '/jobs?status=pending');
    const { data } = (await list.json()) as { data: Answer[] };
    expect(data.map(({ job_id, queue_position }) => [job_id, queue_position])).toEqual([
      [north[2], 5],
      [north[1], 4],
      [north[0], 2],
    ]);
  });

  it('is told anew to who follows the job, when it has changed and as long as it waits', async () => {
    await occupy('north');
    const ahead = await submit('north');
    const id = await submit('north');
    const first = await follow(id);
    await eventually(() => first.events.length === 1);
    expect(first.events).toEqual([{ id: expect.stringMatching(/^\d+$/), position: 2 }]);
    await on.request('north', `/jobs/${ahead}`, { method: 'DELETE' });
    await eventually(() => first.events.length === 2);
    expect(first.events[1]).toEqual({ id: undefined, position: 1 });
    // Who resumes after the stored event is told the place of now.
    const resumed = await follow(id, first.events[0]?.id);
    await eventually(() => resumed.events.length === 1);
    await on.work(id);
    await Promise.all([first.ended, resumed.ended]);
    expect(first.events).toHaveLength(2);
    expect(resumed.events).toEqual([{ id: undefined, position: 1 }]);
    expect(first.text()).toContain('event: completed');
  });

  /** The `queued` events as they come. */
  async function follow(id: string, lastEventId = '') {
    const { body } = await on.request('north', `/jobs/${id}/events`, {
      headers: { 'last-event-id': lastEventId },
    });
    const events: { id: string | undefined; position: number | undefined }[] = [];
    let text = '';
    let taken = 0;
    const take = () => {
      const blocks = text.split('\n\n').slice(0, -1);
      for (const block of blocks.slice(taken)) {
        if (!/^event: queued$/m.test(block)) continue;
        const data = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '') as Answer;
        expect(data).toMatchObject({ job_id: id, at: expect.any(String), progress: { total: 1 } });
        events.push({ id: /^id: (.*)$/m.exec(block)?.[1], position: data.queue_position });
      }
      taken = blocks.length;
    };
    const ended = (async () => {
      for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
        text += piece;
        take();
      }
    })();
    return { events, ended, text: () => text };
  }
});
