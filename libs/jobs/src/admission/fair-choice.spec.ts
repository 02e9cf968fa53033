import fc from 'fast-check';
import { chooseFairly, type WaitingTenant } from './fair-choice.js';

interface Slice {
  readonly tenantId: string;
  readonly model: string;
  readonly items: number;
}

function tenant(
  tenantId: string,
  slices: number,
  { weight = 1, items = 100, model = 'm@1' } = {},
): WaitingTenant<Slice> {
  const waiting = Array.from({ length: slices }, () => ({ tenantId, model, items }));
  return { tenantId, weight, slices: waiting };
}

const NOTHING_HAD: ReadonlyMap<string, number> = new Map();
const had = (shares: Record<string, number>) => new Map(Object.entries(shares));

const tenantsOf = (slices: readonly Slice[]) => slices.map(({ tenantId }) => tenantId).join('');

describe('chooseFairly', () => {
  it('takes turns among tenants, whoever queued more', () => {
    const tenants = [tenant('a', 50), tenant('b', 2), tenant('c', 1)];
    expect(tenantsOf(chooseFairly(tenants, NOTHING_HAD, 6).slices)).toBe('abcaba');
  });

  it('gives a tenant of three times the weight three times as much', () => {
    const tenants = [tenant('a', 100, { weight: 3 }), tenant('b', 100)];
    const chosen = tenantsOf(chooseFairly(tenants, NOTHING_HAD, 40).slices);
    expect(chosen.replaceAll('b', '')).toHaveLength(30);
  });

  it('lets nobody catch up on time in which they wanted nothing', () => {
    const tenants = [tenant('a', 9), tenant('b', 9)];
    const { slices, shares } = chooseFairly(tenants, had({ a: 5_000 }), 4);
    expect(tenantsOf(slices)).toBe('abab');
    expect(shares.get('b')).toBe(5_200);
    // The only one that waits is measured by those that have nothing waiting.
    const under = chooseFairly([tenant('c', 1)], had({ a: 7_000, b: 8_000 }), 1);
    expect(under.shares.get('c')).toBe(7_100);
  });

  it('lets a newcomer begin with those who wait, not with who has long had nothing waiting', () => {
    const tenants = [tenant('b', 9), tenant('c', 9)];
    const { slices, shares } = chooseFairly(tenants, had({ a: 100, b: 10_000 }), 4);
    expect(tenantsOf(slices)).toBe('bcbc');
    // Nor is that one to catch up when it wants something again.
    expect(shares).toEqual(had({ b: 10_200, c: 10_200 }));
    expect(tenantsOf(chooseFairly([tenant('a', 9), ...tenants], shares, 6).slices)).toBe('abcabc');
  });

  it('gives who sends one slice after another no more than who sends many at once', () => {
    const counts = { a: 0, b: 0, c: 0 };
    let shares = NOTHING_HAD;
    let idle = false;
    for (let round = 0; round < 60; round++) {
      const waiting = [tenant('b', 9), tenant('c', 9)];
      if (!idle) waiting.unshift(tenant('a', 1));
      const chosen = chooseFairly(waiting, shares, 1);
      const [next] = chosen.slices;
      counts[next?.tenantId as keyof typeof counts]++;
      // Its next one comes when its last one is done: a round later.
      idle = next?.tenantId === 'a';
      shares = chosen.shares;
    }
    expect(counts).toEqual({ a: 20, b: 20, c: 20 });
  });

  it('remembers what a tenant has had only until others have had as much', () => {
    const alone = [tenant('b', 9)];
    const before = had({ a: 5_100, b: 4_900 });
    const once = chooseFairly(alone, before, 1).shares;
    expect(once).toEqual(had({ a: 5_100, b: 5_000 }));
    expect(chooseFairly(alone, once, 1).shares).toEqual(had({ b: 5_100 }));
    expect(chooseFairly([], before, 5)).toEqual({ slices: [], shares: before });
  });

  it('makes up for what a tenant did not get while others did', () => {
    const tenants = [tenant('a', 9), tenant('b', 9)];
    const shares = had({ a: 5_000, b: 4_700 });
    expect(tenantsOf(chooseFairly(tenants, shares, 5).slices)).toBe('bbbab');
  });

  it('counts items, so that large slices are no advantage', () => {
    const tenants = [tenant('a', 9, { items: 1_000 }), tenant('b', 30, { items: 100 })];
    const chosen = tenantsOf(chooseFairly(tenants, NOTHING_HAD, 22).slices);
    expect(chosen.replaceAll('b', '')).toHaveLength(2);
  });

  it('takes no more of a model version than there is room for with its workers', () => {
    const scarce = [tenant('a', 9), tenant('b', 9)];
    const tenants = [...scarce, tenant('c', 9, { model: 'm@2' })];
    const { slices, shares } = chooseFairly(tenants, NOTHING_HAD, 8, new Map([['m@1', 3]]));
    expect(tenantsOf(slices)).toBe('abcacccc');
    expect(shares).toEqual(had({ a: 200, b: 100, c: 500 }));
    const mixed = {
      ...tenant('d', 1),
      slices: [...tenant('d', 2).slices, ...tenant('d', 1, { model: 'm@2' }).slices],
    };
    const chosen = chooseFairly([mixed], NOTHING_HAD, 8, new Map([['m@1', 1]])).slices;
    expect(chosen.map(({ model }) => model)).toEqual(['m@1', 'm@2']);
  });

  it('fills the room there is, keeps each tenant’s order, and is never further apart than a slice', () => {
    const waiting = fc.array(
      fc.record({
        weight: fc.integer({ min: 1, max: 5 }),
        slices: fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 30 }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(waiting, fc.integer({ min: 0, max: 80 }), (specs, room) => {
        const tenants = specs.map(({ weight, slices }, i) => ({
          tenantId: String(i),
          weight,
          slices: slices.map((items, place) => ({
            tenantId: String(i),
            model: 'm@1',
            items,
            place,
          })),
        }));
        const { slices, shares } = chooseFairly(tenants, NOTHING_HAD, room);
        const total = tenants.reduce((sum, t) => sum + t.slices.length, 0);
        expect(slices).toHaveLength(Math.min(room, total));
        for (const { tenantId, weight, slices: own } of tenants) {
          const got = slices.filter((slice) => slice.tenantId === tenantId);
          expect(got).toEqual(own.slice(0, got.length));
          const items = got.reduce((sum, slice) => sum + slice.items, 0);
          expect(shares.get(tenantId)).toBeCloseTo(items / weight, 6);
          if (got.length === own.length) continue;
          // Whoever still waits has had no less than the others, but for their last slice.
          for (const other of tenants) {
            const last = slices.findLast((slice) => slice.tenantId === other.tenantId);
            const before = (shares.get(other.tenantId) ?? 0) - (last?.items ?? 0) / other.weight;
            expect(before).toBeLessThanOrEqual((shares.get(tenantId) ?? 0) + 1e-6);
          }
        }
      }),
    );
  });
});
