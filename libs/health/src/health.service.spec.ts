import type { DomainError, Probe, ProbeResult } from '@app/common';
import { NestFactory } from '@nestjs/core';
import { HealthModule } from './health.module.js';
import { HealthService } from './health.service.js';
import { Lifecycle } from './lifecycle.js';

const probe = (name: string, critical: boolean, check: Probe['check']): Probe => ({
  name,
  critical,
  check,
});
const saying = (status: ProbeResult['status']) => (): ProbeResult => ({
  status,
  message: `it is ${status}`,
});

async function setup(...probes: Probe[]) {
  const module = HealthModule.forRootAsync({ inject: [], probes: () => probes });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  return { health: app.get(HealthService), lifecycle: app.get(Lifecycle) };
}

const failure = (promise: Promise<unknown>): Promise<DomainError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error as DomainError,
  );

describe('HealthService', () => {
  it('is alive from the first moment, and asks no dependency', async () => {
    const { health } = await setup(probe('model', true, saying('unhealthy')));
    expect(await health.live()).toMatchObject({ status: 'ok' });
  });

  it('is started once the models are loaded, and stays so while it stops', async () => {
    const { health, lifecycle } = await setup();
    expect(await failure(health.started())).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    lifecycle.serving();
    expect(await health.started()).toMatchObject({ status: 'ok' });
    lifecycle.stopping();
    expect(await health.started()).toMatchObject({ status: 'ok' });
  });

  it('is ready only while it serves and everything critical works', async () => {
    let status: ProbeResult['status'] = 'healthy';
    const { health, lifecycle } = await setup(
      probe('model', true, () => saying(status)()),
      probe('disk', false, saying('unhealthy')),
    );
    expect(await failure(health.ready())).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    lifecycle.serving();
    expect(await health.ready()).toMatchObject({ details: { model: { status: 'up' } } });
    status = 'degraded';
    await health.ready();
    status = 'unhealthy';
    expect(await failure(health.ready())).toMatchObject({
      retryAfterSeconds: 1,
      details: { model: { message: 'it is unhealthy' } },
    });
    status = 'healthy';
    lifecycle.stopping();
    expect((await failure(health.ready())).details).toHaveProperty('lifecycle');
  });

  it('reports the worst of all, but stops serving only for what is critical', async () => {
    const { health } = await setup(
      probe('model', true, saying('healthy')),
      probe('disk', false, saying('unhealthy')),
      probe('memory', false, saying('degraded')),
    );
    const report = await health.report();
    expect(report).toMatchObject({ status: 'unhealthy', serving: true });
    expect(Object.keys(report.checks)).toEqual(['model', 'disk', 'memory']);
    const broken = await setup(probe('model', true, saying('unhealthy')));
    expect(await broken.health.report()).toMatchObject({ serving: false });
  });

  it('counts a probe that throws or does not answer as unhealthy', async () => {
    const { health } = await setup(
      probe('throws', false, () => Promise.reject(new Error('secret'))),
      probe('hangs', false, () => new Promise(() => undefined)),
    );
    const { checks } = await health.report();
    expect(checks.throws).toMatchObject({
      status: 'unhealthy',
      message: 'the check itself failed',
    });
    expect(checks.hangs).toMatchObject({
      status: 'unhealthy',
      message: 'no answer within 2000 ms',
    });
  });
});
