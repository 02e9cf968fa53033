import type { AuditEvent, AuditLog } from '@app/audit';
import { OPERATOR_KEY, type Permission, type Principal } from '@app/auth';
import {
  keyHolders,
  startEdgeApp,
  type EdgeApp,
} from '../../apps/api/src/http/testing/edge-app.js';
import { WebhookRoutes } from '../../apps/api/src/routes/webhooks/webhook-routes.module.js';
import { DeliveryBench } from '../support/delivery-bench.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';

function holder(tenantId: string, ...permissions: Permission[]): Principal {
  return { ...OPERATOR_KEY, tenantId, principalId: tenantId, permissions: new Set(permissions) };
}

const KEYS = keyHolders({
  north: holder('north', 'jobs'),
  south: holder('south', 'jobs'),
  caller: holder('north', 'predict'),
});

interface Endpoint {
  readonly id: string;
  readonly secret: string | null;
}
interface Delivery {
  readonly id: string;
}

describe('the webhook routes', () => {
  let bench: DeliveryBench;
  let receiver: WebhookReceiver;
  let edge: EdgeApp;
  const audited: AuditEvent[] = [];

  beforeEach(async () => {
    bench = await DeliveryBench.open();
    receiver = await WebhookReceiver.start();
    audited.length = 0;
    const record = async (_: unknown, ...events: AuditEvent[]) => void audited.push(...events);
    const parts = {
      webhooks: bench.webhooks,
      deliveries: bench.deliveries,
      database: bench.fresh.database,
      audit: { record } as unknown as AuditLog,
    };
    edge = await startEdgeApp([], {
      imports: [WebhookRoutes.register(parts)],
      access: { requireApiKey: true, identification: KEYS },
    });
  });
  afterEach(async () => {
    await edge.close();
    await receiver.down();
    await bench.close();
  });

  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- says what a test reads
  async function call<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: object,
    key = 'north',
  ): Promise<{ status: number; body: T }> {
    const response = await fetch(`${edge.url}/webhooks/${path}`, {
      method,
      headers: { 'x-api-key': key, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? null : JSON.parse(text)) as T };
  }

  async function createEndpoint(key = 'north'): Promise<Endpoint> {
    const made = await call<Endpoint>('POST', 'endpoints', { url: receiver.url }, key);
    expect(made.status).toBe(201);
    return made.body;
  }

  async function announced(key = 'north'): Promise<string> {
    const [id] = await bench.announce({ job_id: 'j' }, 'job.completed', key);
    await bench.run();
    return id!;
  }

  it('make an endpoint and show the secret that webhooks are signed with, once', async () => {
    const first = await call<Endpoint>('POST', 'endpoints', {
      url: receiver.url,
      topics: ['job.failed', 'drift.alert'],
      description: 'EHR',
    });
    expect(first).toMatchObject({
      status: 201,
      body: {
        url: receiver.url,
        topics: ['job.failed', 'drift.alert'],
        description: 'EHR',
        enabled: true,
        secret: expect.stringMatching(/^whsec_/),
      },
    });
    const second = await createEndpoint();
    expect(second).toMatchObject({
      topics: ['job.completed', 'job.failed', 'job.cancelled'],
      secret: null,
    });
    const { body: list } = await call('GET', 'endpoints?limit=1');
    expect(list).toMatchObject({ total: 2, data: [{ id: second.id }] });
    const { body: rest } = await call('GET', `endpoints?cursor=${String(list['next_cursor'])}`);
    expect(rest).toMatchObject({ next_cursor: null, data: [{ id: first.body.id }] });
    expect(JSON.stringify([list, rest])).not.toContain('whsec_');
    const { body: secrets } = await call('GET', 'secret');
    expect(secrets).toEqual({
      data: [{ id: expect.any(String), created_at: expect.any(String), expires_at: null }],
    });
    expect(audited).toMatchObject([
      {
        action: 'webhook_endpoint.create',
        tenantId: 'north',
        object: { id: first.body.id },
        result: 'success',
        status: 201,
      },
      { action: 'webhook_endpoint.create', object: { id: second.id } },
    ]);
  });

  it('send an endpoint a test event, whatever its topics', async () => {
    const { id, secret } = await createEndpoint();
    const sent = await call('POST', `endpoints/${id}/test`);
    expect(sent.status).toBe(202);
    await bench.run();
    const [message] = receiver.received;
    expect(message?.headers['webhook-id']).toBe(sent.body['delivery_id']);
    expect(verified(secret!, message!, bench.clock.now)).toMatchObject({
      type: 'webhook.test',
      data: { endpoint_id: id },
    });
  });

  it('change, disable, enable and remove an endpoint, on record', async () => {
    const { id } = await createEndpoint();
    const changed = await call('PATCH', `endpoints/${id}`, {
      topics: ['job.started'],
      enabled: false,
    });
    expect(changed.body).toMatchObject({
      topics: ['job.started'],
      url: receiver.url,
      enabled: false,
      disabled_reason: 'Disabled by its owner.',
    });
    expect((await call('POST', `endpoints/${id}/test`)).status).toBe(409);
    expect((await call('PATCH', `endpoints/${id}`, { description: 'a\0' })).status).toBe(422);
    const enabled = await call('PATCH', `endpoints/${id}`, { enabled: true });
    expect(enabled.body).toMatchObject({ enabled: true, disabled_at: null });
    expect((await call('DELETE', `endpoints/${id}`)).status).toBe(204);
    expect((await call('GET', `endpoints/${id}`)).status).toBe(404);
    expect(audited.map(({ action, result }) => `${action} ${result}`)).toEqual([
      'webhook_endpoint.create success',
      'webhook_endpoint.change success',
      'webhook_endpoint.change refused',
      'webhook_endpoint.change success',
      'webhook_endpoint.delete success',
    ]);
  });

  it('refuse URLs that may not be called and what cannot be stored, naming the field', async () => {
    for (const [body, field, message] of [
      [{ url: 'http://169.254.169.254/latest/' }, 'url', /^url cannot be used: .*reserved/],
      [{ url: 'http://nowhere.example.org/' }, 'url', /cannot be resolved/],
      [{ url: 'https://u:p@127.0.0.1/' }, 'url', /user name or password/],
      [{ url: 'gopher://127.0.0.1/' }, 'url', /must begin with https/],
      [{ url: 'https://127.0.0.1/', topics: ['job.finished'] }, 'topics[0]', /must be one of/],
      [{ topics: ['job.failed'] }, 'url', /required/],
      [{ url: 'https://127.0.0.1/', description: 'a\0' }, 'description', /U\+0000/],
    ] as const) {
      expect(await call('POST', 'endpoints', body)).toMatchObject({
        status: 422,
        body: {
          error_code: 'VALIDATION_ERROR',
          detail: expect.stringMatching(message),
          errors: [{ field }],
        },
      });
    }
  });

  it('make as many endpoints as a tenant may have, and no more, however fast they are asked for', async () => {
    // All at once, so that as many connections are open afterwards.
    await Promise.all(Array.from({ length: 49 }, () => createEndpoint()));
    const asked = Array.from({ length: 8 }, () => call('POST', 'endpoints', { url: receiver.url }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, ...Array<number>(7).fill(409)]);
    expect((await call('GET', 'endpoints')).body).toMatchObject({ total: 50 });
  });

  it('record that somebody wanted a URL called that may not be', async () => {
    await call('POST', 'endpoints', { url: 'http://169.254.169.254/' });
    expect(audited).toMatchObject([
      { action: 'webhook_endpoint.create', result: 'refused', status: 422 },
    ]);
  });

  it('rotate the secret, on record and without its text, with both signing for a while', async () => {
    const { secret } = await createEndpoint();
    const rotated = await call('POST', 'secret/rotate', { overlap_seconds: 60 });
    expect(rotated).toMatchObject({
      status: 201,
      body: { secret: expect.stringMatching(/^whsec_/), expires_at: null },
    });
    const next = String(rotated.body['secret']);
    await announced();
    for (const one of [secret!, next]) verified(one, receiver.received[0]!, bench.clock.now);
    expect((await call<{ data: unknown[] }>('GET', 'secret')).body.data).toHaveLength(2);
    bench.clock.now += 60_000;
    expect((await call<{ data: unknown[] }>('GET', 'secret')).body.data).toHaveLength(1);
    expect(audited.at(-1)).toMatchObject({
      action: 'webhook_secret.rotate',
      object: { kind: 'webhook_secret', id: rotated.body['id'] },
    });
    expect(JSON.stringify(audited)).not.toContain('whsec_');
  });

  it('tell how deliveries fared, by filters and page by page', async () => {
    const { id: endpointId } = await createEndpoint();
    const delivered = await announced();
    receiver.answer = answering(503);
    bench.clock.now += 60_000;
    const failing = await announced();
    const { body: all } = await call<{ data: Delivery[] }>('GET', 'deliveries');
    expect(all.data.map(({ id }) => id)).toEqual([failing, delivered]);
    expect(all).toMatchObject({
      total: 2,
      data: [
        {
          topic: 'job.completed',
          endpoint_id: endpointId,
          status: 'pending',
          attempts: 1,
          last_status: 503,
          last_error: 'Answered 503.',
          next_attempt_at: new Date(bench.clock.now + 5_000).toISOString(),
        },
        { status: 'delivered', delivered_at: expect.any(String) },
      ],
    });
    for (const [query, ids] of [
      ['status=pending', [failing]],
      ['status=failed', []],
      [`endpoint_id=${endpointId}`, [failing, delivered]],
      ['topic=job.failed', []],
      ['to=2026-11-21T12:01:00Z', [delivered]],
      ['from=2026-11-21T12:01:00Z', [failing]],
      ['limit=1', [failing]],
    ] as const) {
      const { body } = await call<{ data: Delivery[] }>('GET', `deliveries?${query}`);
      expect([query, body.data.map(({ id }) => id)]).toEqual([query, ids]);
    }
    const { body: one } = await call('GET', `deliveries/${failing}`);
    expect(one).toMatchObject({
      id: failing,
      data: { job_id: 'j' },
      attempt_log: [{ status: 503, error: 'Answered 503.', duration_ms: expect.any(Number) }],
    });
  });

  it('refuse to list by what makes no sense', async () => {
    const queries = [
      ...['status=lost', 'endpoint_id=7', 'from=monday', 'cursor=Zm9v', 'job_id=%00'],
      ...['from=0000-01-01T00:00:00Z', 'to=9999-12-31T23:59:59-01:00'],
    ];
    for (const query of queries) {
      expect([query, (await call('GET', `deliveries?${query}`)).status]).toEqual([query, 422]);
    }
    expect((await call('GET', 'endpoints?cursor=Zm9v')).status).toBe(422);
  });

  it('send a delivery again under its id, one or all that failed since a time', async () => {
    const { id: endpointId } = await createEndpoint();
    const once = await announced();
    expect((await call('POST', `deliveries/${once}/replay`)).status).toBe(202);
    await bench.run();
    receiver.answer = answering(410);
    bench.clock.now += 60_000;
    const gone = await announced();
    await call('PATCH', `endpoints/${endpointId}`, { enabled: true });
    receiver.answer = answering(200);
    const since = (at: string) => call('POST', 'deliveries/replay', { since: at });
    expect((await since('2026-11-21T12:05:00Z')).body).toEqual({ replayed: 0 });
    expect(await since('2026-11-21T12:01:00Z')).toEqual({ status: 202, body: { replayed: 1 } });
    await bench.deliveries.wake([gone]);
    await bench.run();
    expect(receiver.ids).toEqual([once, once, gone, gone]);
    expect((await since('yesterday')).status).toBe(422);
    expect((await since('0000-12-31T23:59:59Z')).status).toBe(422);
    expect(audited.map(({ action }) => action).slice(-2)).toEqual([
      'webhook_delivery.replay_failed',
      'webhook_delivery.replay_failed',
    ]);
  });

  it('send all again that was given up because its endpoint was disabled, once that is enabled', async () => {
    const replayed = () => call('POST', 'deliveries/replay', { since: '2026-11-21T12:00:00Z' });
    const ids: string[] = [];
    for (const change of ['disable', 'remove'] as const) {
      const { id: endpointId } = await createEndpoint();
      const [id] = await bench.announce({ job_id: change });
      ids.push(id!);
      if (change === 'remove') await call('DELETE', `endpoints/${endpointId}`);
      else await call('PATCH', `endpoints/${endpointId}`, { enabled: false });
      await bench.run();
      expect((await call('GET', `deliveries/${id}`)).body).toMatchObject({ status: 'cancelled' });
    }
    expect((await replayed()).body).toEqual({ replayed: 0 });
    const { body: list } = await call<{ data: Endpoint[] }>('GET', 'endpoints');
    await call('PATCH', `endpoints/${list.data[0]!.id}`, { enabled: true });
    expect((await replayed()).body).toEqual({ replayed: 1 });
    await bench.deliveries.wake(ids);
    await bench.run();
    expect(receiver.ids).toEqual([ids[0]]);
  });

  it('send deliveries again that are asked for all at once', async () => {
    await createEndpoint();
    const id = await announced();
    // More than there are connections to the database.
    const asked = Array.from({ length: 40 }, () => call('POST', `deliveries/${id}/replay`));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([202]));
  });

  it('keep a tenant’s endpoints, secrets and deliveries from others', async () => {
    const { id } = await createEndpoint();
    const delivery = await announced();
    for (const [method, path, body] of [
      ['GET', `endpoints/${id}`],
      ['PATCH', `endpoints/${id}`, { enabled: false }],
      ['DELETE', `endpoints/${id}`],
      ['POST', `endpoints/${id}/test`],
      ['GET', `deliveries/${delivery}`],
      ['POST', `deliveries/${delivery}/replay`],
      ['GET', 'deliveries/7'],
    ] as const) {
      expect([path, (await call(method, path, body, 'south')).status]).toEqual([path, 404]);
    }
    expect(audited.at(-1)).toMatchObject({
      ...{ tenantId: 'south', action: 'webhook_delivery.replay' },
      ...{ object: { id: delivery }, result: 'refused', status: 404 },
    });
    for (const path of ['endpoints', 'deliveries', 'secret']) {
      expect((await call('GET', path, undefined, 'south')).body).toMatchObject({ data: [] });
    }
    const replay = { since: '2020-01-01T00:00:00Z' };
    expect((await call('POST', 'deliveries/replay', replay, 'south')).body).toEqual({
      replayed: 0,
    });
    expect((await createEndpoint('south')).secret).not.toBeNull();
    expect((await call('GET', `endpoints/${id}`)).body).toMatchObject({ enabled: true });
    expect((await call('GET', 'endpoints', undefined, 'caller')).status).toBe(403);
  });

  it('show mails to nobody', async () => {
    const notice = { tenantId: 'north', topic: 'job.completed', address: 'a@b.example', data: {} };
    const id = await bench.fresh.database.transaction((tx) => bench.notifications.tell(tx, notice));
    expect((await call('GET', `deliveries/${id}`)).status).toBe(404);
    expect((await call('POST', `deliveries/${id}/replay`)).status).toBe(404);
    expect((await call('GET', 'deliveries')).body).toMatchObject({ total: 0 });
  });
});
