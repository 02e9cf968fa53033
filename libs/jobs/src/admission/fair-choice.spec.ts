import fc from 'fast-check';
import { chooseFairly, type WaitingTenant } from './fair-choice.js';

interface Slice {
  readonly tenantId: string;
  readonly items: number;
}

function tenant(
  tenantId: string,
  slices: number,
  { weight = 1, served = null as number | null, items = 100 } = {},
): WaitingTenant<Slice> {
  const waiting = Array.from({ length: slices }, () => ({ tenantId, items }));
  return { tenantId, weight, served, slices: waiting };
}

const tenantsOf = (slices: readonly Slice[]) => slices.map(({ tenantId }) => tenantId).join('');

describe('chooseFairly', () => {
  it('takes turns among tenants, whoever queued more', () => {
    const tenants = [tenant('a', 50), tenant('b', 2), tenant('c', 1)];
    expect(tenantsOf(chooseFairly(tenants, [], 6).slices)).toBe('abcaba');
  });

  it('gives a tenant of three times the weight three times as much', () => {
    const tenants = [tenant('a', 100, { weight: 3 }), tenant('b', 100)];
    const chosen = tenantsOf(chooseFairly(tenants, [], 40).slices);
    expect(chosen.replaceAll('b', '')).toHaveLength(30);
  });

  it('lets nobody catch up on time in which they wanted nothing', () => {
    const tenants = [tenant('a', 9, { served: 5_000 }), tenant('b', 9)];
    const { slices, served } = chooseFairly(tenants, [], 4);
    expect(tenantsOf(slices)).toBe('abab');
    expect(served.get('b')).toBe(5_200);
    // The only one that waits is measured by those whose slices are all under way.
    expect(chooseFairly([tenant('c', 1)], [7_000, 8_000], 1).served.get('c')).toBe(7_100);
  });

  it('makes up for what a tenant did not get while others did', () => {
    const tenants = [tenant('a', 9, { served: 5_000 }), tenant('b', 9, { served: 4_700 })];
    expect(tenantsOf(chooseFairly(tenants, [], 5).slices)).toBe('bbbab');
  });

  it('counts items, so that large slices are no advantage', () => {
    const tenants = [tenant('a', 9, { items: 1_000 }), tenant('b', 30, { items: 100 })];
    const chosen = tenantsOf(chooseFairly(tenants, [], 22).slices);
    expect(chosen.replaceAll('b', '')).toHaveLength(2);
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
          served: null,
          slices: slices.map((items, place) => ({ tenantId: String(i), items, place })),
        }));
        const { slices, served } = chooseFairly(tenants, [], room);
        const total = tenants.reduce((sum, t) => sum + t.slices.length, 0);
        expect(slices).toHaveLength(Math.min(room, total));
        for (const { tenantId, weight, slices: own } of tenants) {
          const got = slices.filter((slice) => slice.tenantId === tenantId);
          expect(got).toEqual(own.slice(0, got.length));
          const items = got.reduce((sum, slice) => sum + slice.items, 0);
          expect(served.get(tenantId)).toBeCloseTo(items / weight, 6);
          if (got.length === own.length) continue;
          // Whoever still waits has had no less than the others, but for their last slice.
          for (const other of tenants) {
            const last = slices.findLast((slice) => slice.tenantId === other.tenantId);
            const before = (served.get(other.tenantId) ?? 0) - (last?.items ?? 0) / other.weight;
            expect(before).toBeLessThanOrEqual((served.get(tenantId) ?? 0) + 1e-6);
          }
        }
      }),
    );
  });
});
