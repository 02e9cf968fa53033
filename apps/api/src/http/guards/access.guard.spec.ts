import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { OPERATOR_KEY } from '@app/auth';
import type { RequestContext } from '@app/common';
import { Context } from '../middleware/context.decorator.js';
import { keyHolders, startEdgeApp } from '../testing/edge-app.js';
import { Identified, Public, PublicOnLoopback, RequirePermission } from './access.decorators.js';
import { assertEveryRouteDeclares } from './route-declarations.js';

@Controller()
class GuardedController {
  @Get('open')
  @Public()
  open() {
    return {};
  }
  @Get('predict')
  @RequirePermission('predict')
  predict(@Context() context: RequestContext) {
    return { who: context.principalId, tenant: context.tenantId, tier: context.tier };
  }
  @Get('admin')
  @RequirePermission('users:admin')
  admin() {
    return {};
  }
  @Get('me')
  @Identified()
  me() {
    return {};
  }
  @Get('metrics')
  @PublicOnLoopback('ops:read')
  metrics() {
    return {};
  }
}

@Controller('silent')
class SilentController {
  @Get()
  forgotten() {
    return {};
  }
}

const KEY = 'correct-horse';
const POOR = 'poor-horse';
const identification = keyHolders({
  [KEY]: OPERATOR_KEY,
  [POOR]: { ...OPERATOR_KEY, permissions: new Set<string>() },
});
type Case = [path: string, headers: Record<string, string>, status: number];

async function expectAll(access: Parameters<typeof startEdgeApp>[1], cases: Case[]) {
  const server = await startEdgeApp([GuardedController], access);
  try {
    for (const [path, headers, status] of cases) {
      const response = await fetch(server.url + path, { headers });
      expect([path, headers, response.status]).toEqual([path, headers, status]);
    }
  } finally {
    await server.close();
  }
}

describe('AccessGuard', () => {
  it('lets in who shows the key, in either header, and nobody else', () =>
    expectAll({ access: { requireApiKey: true, identification, loopback: true } }, [
      ['/predict', {}, 401],
      ['/predict', { 'X-API-Key': '' }, 401],
      ['/predict', { 'X-API-Key': 'wrong' }, 401],
      ['/predict', { 'X-API-Key': KEY }, 200],
      ['/predict', { Authorization: `Bearer ${KEY}` }, 200],
      ['/predict', { Authorization: `bearer ${KEY}` }, 200],
      ['/predict', { Authorization: `Basic ${KEY}` }, 401],
      ['/predict', { Authorization: 'Bearer' }, 401],
      ['/predict', { Authorization: `Bearer ${KEY}`, 'X-API-Key': KEY }, 200],
      ['/predict', { Authorization: `Bearer ${KEY}`, 'X-API-Key': 'other' }, 401],
      ['/admin', { 'X-API-Key': KEY }, 403],
      ['/me', {}, 401],
      ['/me', { 'X-API-Key': POOR }, 200],
      ['/predict', { 'X-API-Key': POOR }, 403],
      ['/open', {}, 200],
      ['/open', { 'X-API-Key': 'wrong' }, 200],
      ['/metrics', {}, 200],
    ]));

  it('guards the operator routes when the server is not bound to loopback', () =>
    expectAll({ access: { requireApiKey: true, identification, loopback: false } }, [
      ['/metrics', {}, 401],
      ['/metrics', { 'X-API-Key': KEY }, 200],
    ]));

  it('lets everybody in without keys when none is required, but not to administration', () =>
    expectAll({ access: { requireApiKey: false, loopback: true } }, [
      ['/predict', {}, 200],
      ['/predict', { 'X-API-Key': 'anything' }, 200],
      ['/admin', {}, 403],
    ]));

  it('still refuses a wrong key when keys are optional', () =>
    expectAll({ access: { requireApiKey: false, identification, loopback: true } }, [
      ['/predict', {}, 200],
      ['/predict', { 'X-API-Key': 'wrong' }, 401],
      ['/predict', { 'X-API-Key': KEY }, 200],
    ]));

  it('tells routes who asks', async () => {
    const server = await startEdgeApp([GuardedController], { access: { identification } });
    const who = async (headers: Record<string, string>) =>
      (await fetch(`${server.url}/predict`, { headers })).json();
    expect(await who({})).toEqual({ who: 'anonymous', tenant: 'default', tier: 'enterprise' });
    expect(await who({ 'X-API-Key': KEY })).toEqual({
      who: 'operator-key',
      tenant: 'default',
      tier: 'enterprise',
    });
    await server.close();
  });

  it.each([
    [false, ['default', undefined, undefined]],
    [true, [undefined, undefined, undefined]],
  ])('lets load be shed by the tenant only where no key can change it, %s', async (need, want) => {
    const seen: (string | undefined)[] = [];
    const server = await startEdgeApp([GuardedController], {
      access: { requireApiKey: need, identification },
      shed: (_method, _path, _priority, tenantId) => {
        seen.push(tenantId);
        return null;
      },
    });
    await fetch(`${server.url}/predict`);
    await fetch(`${server.url}/predict`, { headers: { 'X-API-Key': KEY } });
    await fetch(`${server.url}/predict`, { headers: { Authorization: `Bearer ${KEY}` } });
    expect(seen).toEqual(want);
    await server.close();
  });

  it('waits for credentials that have to be looked up, and for shared limits', async () => {
    const seen: string[] = [];
    const server = await startEdgeApp([GuardedController], {
      access: {
        requireApiKey: true,
        identification: {
          recognises: () => true,
          identify: async (key) => Promise.resolve(identification.identify(key)),
        },
        gate: {
          admit: async ({ principalId }) => {
            await Promise.resolve();
            seen.push(principalId);
          },
        },
      },
    });
    const statusFor = async (key: string) =>
      (await fetch(`${server.url}/predict`, { headers: { 'X-API-Key': key } })).status;
    expect([await statusFor(KEY), await statusFor('wrong'), await statusFor(POOR)]).toEqual([
      200, 401, 403,
    ]);
    expect(seen).toEqual(['operator-key']);
    await server.close();
  });
});

describe('assertEveryRouteDeclares', () => {
  it('stops the boot and names the handler that says nothing', async () => {
    await expect(startEdgeApp([GuardedController, SilentController])).rejects.toThrow(
      'SilentController.forgotten',
    );
  });

  it('accepts a declaration of the whole controller', async () => {
    @Public()
    @Controller('loud')
    class LoudController extends SilentController {}
    class M {}
    Module({ controllers: [LoudController, GuardedController] })(M);
    const app = await NestFactory.create(M, { logger: false });
    expect(() => assertEveryRouteDeclares(app)).not.toThrow();
    await app.close();
  });
});
