import { MOST_ATTEMPTS } from '@app/deliveries';
import { DeliveryBench } from '../support/delivery-bench.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

describe('the delivery of webhooks', () => {
  let bench: DeliveryBench;
  let receiver: WebhookReceiver;
  let secret: string;

  beforeEach(async () => {
    bench = await DeliveryBench.open();
    receiver = await WebhookReceiver.start();
    ({ secret } = await bench.rotate());
  });
  afterEach(async () => {
    await receiver.down();
    await bench.close();
  });

  async function one(): Promise<string> {
    const [id] = await bench.announce({ job_id: 'j' });
    await bench.run();
    return id!;
  }

  /** Every message so far is one that the public library accepts at `now`. */
  function verifyAt(now: number): void {
    for (const message of receiver.received) verified(secret, message, now);
  }

  it('signs what it sends, and logs that it arrived', async () => {
    const { id: endpointId } = await bench.endpoint(receiver.url);
    const data = { job_id: 'j', status: 'completed', counts: { total: 3, done: 3, failed: 0 } };
    const [id] = await bench.announce(data);
    await bench.run();
    const [message] = receiver.received;
    expect(verified(secret, message!, bench.clock.now)).toEqual({
      type: 'job.completed',
      timestamp: '2026-11-21T12:00:00.000Z',
      data,
    });
    expect(message).toMatchObject({
      path: '/hooks',
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(bench.clock.now / 1_000),
        'content-type': 'application/json',
        'user-agent': 'Clinserve/1.2.3',
        connection: 'close',
      },
    });
    expect(await bench.deliveries.get('north', id!)).toMatchObject({
      state: 'delivered',
      attempts: 1,
      endpointId,
      lastStatus: 204,
      lastError: null,
      nextAttemptAt: null,
      deliveredAt: new Date(bench.clock.now),
    });
    expect(await bench.deliveries.attemptsOf(id!)).toMatchObject([{ status: 204, error: null }]);
  });

  it('tells only endpoints of the tenant that want the topic and are not disabled', async () => {
    const { id } = await bench.endpoint(receiver.url);
    await bench.endpoint(receiver.url, 'south');
    expect(await bench.announce({}, 'job.progress')).toEqual([]);
    expect(await bench.announce()).toHaveLength(1);
    const { database } = bench.fresh;
    await database.transaction((tx) =>
      bench.webhooks.endpoints.update(tx, 'north', id, { enabled: false }),
    );
    expect(await bench.announce()).toEqual([]);
    // What was noted before is not sent either.
    await bench.run();
    expect(receiver.received).toEqual([]);
  });

  it('keeps URLs out of the table’s plain text, and everything but ids out of the queue', async () => {
    const id = await bench.send(`${receiver.url}?token=hidden`);
    const { rows } = await bench.fresh.database.pool.query(
      'select d::text as text from deliveries d',
    );
    expect(rows[0].text).toContain(id);
    expect(rows[0].text).not.toContain('hidden');
    expect(bench.queue.take()).toMatch(new RegExp(`^${id}\\.\\d+$`));
  });

  it('reaches a receiver that was down for hours, under the same id', async () => {
    await bench.endpoint(receiver.url);
    await receiver.down();
    const id = await one();
    for (const wait of [5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR]) await bench.after(wait);
    const refused = await bench.deliveries.get('north', id);
    expect(refused).toMatchObject({
      state: 'pending',
      attempts: 5,
      lastStatus: null,
      lastError: 'The connection failed (ECONNREFUSED).',
      nextAttemptAt: new Date(bench.clock.now + 5 * HOUR),
    });
    await receiver.up();
    await bench.after(HOUR);
    expect(receiver.received).toEqual([]);
    await bench.after(4 * HOUR);
    expect(receiver.ids).toEqual([id]);
    verifyAt(bench.clock.now);
    expect((await bench.deliveries.get('north', id)).state).toBe('delivered');
  });

  it('gives up on a receiver that answers 500 for days, and sends again under the same id when asked', async () => {
    await bench.endpoint(receiver.url);
    receiver.answer = answering(500);
    const id = await one();
    const sentAt = [bench.clock.now];
    for (let next = await nextAttempt(id); next !== null; next = await nextAttempt(id)) {
      bench.clock.now = next;
      await bench.run();
      sentAt.push(next);
      verified(secret, receiver.received.at(-1)!, next);
    }
    const waits = sentAt.slice(1).map((at, i) => at - sentAt[i]!);
    expect(waits).toEqual([
      5_000,
      5 * MINUTE,
      30 * MINUTE,
      ...[2, 5, 10, 14, 20, 24].map((h) => h * HOUR),
    ]);
    expect(receiver.ids).toEqual(Array.from({ length: MOST_ATTEMPTS }, () => id));
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'failed',
      attempts: MOST_ATTEMPTS,
      lastStatus: 500,
      lastError: 'Answered 500.',
    });
    expect(String(bench.failures)).toMatch(
      /webhook of job.completed was given up after 10 attempts/,
    );
    expect(await bench.deliveries.attemptsOf(id)).toHaveLength(MOST_ATTEMPTS);

    receiver.answer = answering(200);
    await bench.after(DAY);
    expect(receiver.received).toHaveLength(MOST_ATTEMPTS);
    await bench.fresh.database.transaction((tx) => bench.deliveries.replay(tx, 'north', id));
    await bench.deliveries.wake([id]);
    await bench.run();
    expect(receiver.ids.at(-1)).toBe(id);
    verified(secret, receiver.received.at(-1)!, bench.clock.now);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'delivered',
      attempts: 1,
    });
  });

  async function nextAttempt(id: string): Promise<number | null> {
    return (await bench.deliveries.get('north', id)).nextAttemptAt?.getTime() ?? null;
  }

  it.each([
    ['90', 90_000],
    ['Sat, 21 Nov 2026 12:30:00 GMT', 30 * MINUTE],
    ['1', 5_000],
    ['99999999', DAY],
    ['soon', 5_000],
  ])('waits as long as a receiver asks for: %s', async (retryAfter, wait) => {
    await bench.endpoint(receiver.url);
    receiver.answer = answering(503, { 'retry-after': retryAfter });
    const id = await one();
    expect(await nextAttempt(id)).toBe(bench.clock.now + wait);
  });

  it('stops at once for good when the receiver is gone, and disables its endpoint', async () => {
    const { id: endpointId } = await bench.endpoint(receiver.url);
    receiver.answer = answering(500);
    const before = await one();
    receiver.answer = answering(410);
    const id = await one();
    expect(await bench.deliveries.get('north', id)).toMatchObject({ state: 'failed', attempts: 1 });
    expect(await bench.webhooks.endpoints.get('north', endpointId)).toMatchObject({
      disabledAt: new Date(bench.clock.now),
      disabledReason: 'Its receiver answered 410 Gone.',
    });
    await bench.after(5_000);
    expect(await bench.deliveries.get('north', before)).toMatchObject({
      state: 'cancelled',
      lastError: 'The endpoint is disabled.',
    });
    expect(receiver.received).toHaveLength(2);
  });

  it('signs with both secrets during a rotation, and with the new one alone afterwards', async () => {
    await bench.endpoint(receiver.url);
    await bench.rotate(0, 'south');
    const { secret: next } = await bench.rotate(3_600);
    await one();
    bench.clock.now += HOUR - 1_000;
    await one();
    bench.clock.now += 1_000;
    await one();
    const [first, , last] = receiver.received;
    expect(
      receiver.received.map(({ headers }) => headers['webhook-signature']!.split(' ').length),
    ).toEqual([2, 2, 1]);
    verified(secret, first!, bench.clock.now - HOUR);
    verified(next, first!, bench.clock.now - HOUR);
    verified(next, last!, bench.clock.now);
    expect(() => verified(secret, last!, bench.clock.now)).toThrow('No matching signature');
  });

  it('signs for a tenant that never asked for a secret', async () => {
    await bench.send(receiver.url, 'south');
    await bench.run();
    const secrets = await bench.webhooks.secrets.signing(bench.fresh.database.db, 'south');
    expect(secrets).toHaveLength(1);
    verified(secrets[0]!, receiver.received[0]!, bench.clock.now);
  });

  it('repeats under the same id when the sender ended between sending and writing down', async () => {
    await bench.endpoint(receiver.url);
    const settle = bench.deliveries.settle.bind(bench.deliveries);
    bench.deliveries.settle = () => Promise.reject(new Error('killed'));
    const id = await one();
    bench.deliveries.settle = settle;
    // As long as the attempt may still be under way, nobody else begins one.
    expect(await bench.deliveries.sweep()).toBe(0);
    await bench.after(MINUTE / 2);
    expect(receiver.ids).toEqual([id]);
    bench.clock.now += MINUTE;
    expect(await bench.deliveries.sweep()).toBe(1);
    await bench.run();
    expect(receiver.ids).toEqual([id, id]);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'delivered',
      attempts: 2,
    });
    await bench.after(DAY);
    expect(await bench.deliveries.sweep()).toBe(0);
    expect(receiver.received).toHaveLength(2);
  });

  it('is not sent twice by two senders that get its entry at once', async () => {
    await bench.endpoint(receiver.url);
    await bench.announce();
    const entry = bench.queue.take()!;
    const { signal } = new AbortController();
    await Promise.all(Array.from({ length: 6 }, () => bench.processor.handle(entry, signal)));
    expect(receiver.received).toHaveLength(1);
  });

  it('outlives a queue that loses everything', async () => {
    await bench.endpoint(receiver.url);
    receiver.answer = answering(500);
    const id = await one();
    await bench.announce();
    bench.queue.lose();
    receiver.answer = answering(200);
    bench.clock.now += 10_000;
    expect(await bench.deliveries.sweep()).toBe(2);
    expect(await bench.deliveries.sweep()).toBe(0);
    await bench.run();
    expect(receiver.ids.filter((one) => one === id)).toHaveLength(2);
    expect(receiver.received).toHaveLength(3);
  });

  it('replays all of a tenant that failed since a time', async () => {
    await bench.endpoint(receiver.url);
    await bench.endpoint(receiver.url, 'south');
    receiver.answer = answering(410);
    await one();
    const { id: fresh } = await bench.endpoint(receiver.url);
    const since = new Date((bench.clock.now += HOUR));
    const late = await one();
    await bench.announce({}, 'job.completed', 'south');
    await bench.run();
    await bench.fresh.database.transaction((tx) =>
      bench.webhooks.endpoints.update(tx, 'north', fresh, { enabled: true }),
    );
    receiver.answer = answering(200);
    const replayed = await bench.fresh.database.transaction((tx) =>
      bench.deliveries.replayFailed(tx, 'north', { from: since }),
    );
    expect(replayed).toEqual([late]);
    await bench.deliveries.wake(replayed);
    await bench.run();
    expect(receiver.ids.at(-1)).toBe(late);
    expect((await bench.deliveries.get('north', late)).state).toBe('delivered');
  });

  it('removes settled deliveries after a month, and no pending ones', async () => {
    await bench.endpoint(receiver.url);
    const delivered = await one();
    receiver.answer = answering(503, { 'retry-after': '86400' });
    const pending = await one();
    bench.clock.now += 31 * DAY;
    await bench.deliveries.sweep();
    await expect(bench.deliveries.get('north', delivered)).rejects.toThrow('no such delivery');
    expect((await bench.deliveries.get('north', pending)).state).toBe('pending');
  });
});
