import fc from 'fast-check';
import { TIER_LIMITS, type Limits } from '../tiers.js';
import { ITEMS_DAY, TOKENS_DAY } from './limit-kinds.js';
import type { LimitSubject } from './limit-storage.js';
import { LocalLimits } from './local-limits.js';

const START = 1_700_000_000_000;
const NONE: Limits = {
  perMinute: null,
  perHour: null,
  perDay: null,
  concurrent: null,
  itemsPerDay: null,
  tokensPerDay: null,
};

function caller(id: string, limits: Partial<Limits>, tenantId = 'default'): LimitSubject {
  return { limitSubject: `key:${id}`, tenantId, tier: 'free', limits: { ...NONE, ...limits } };
}

function setUp(options: { capacity?: number; saves?: boolean } = {}) {
  const clock = { now: START };
  const limits = new LocalLimits({ now: () => clock.now, saves: false, ...options });
  return { clock, limits };
}

/** One request from beginning to end; what it was refused by. */
function ask(limits: LocalLimits, who: LimitSubject): string | null {
  const admission = limits.admit(who);
  admission.release();
  const { refusal } = admission;
  if (refusal === null) return null;
  return refusal.by === 'concurrent' ? 'concurrent' : refusal.by.kind;
}

describe('LocalLimits', () => {
  it('counts a request in all its windows or, when one is full, in none', () => {
    const { clock, limits } = setUp();
    const who = caller('a', { perMinute: 2, perHour: 3, perDay: 4 });
    const used = () =>
      [...limits.usageOf(who).windows].map(([kind, { used }]) => `${kind} ${used}`).join(', ');
    expect([1, 2, 3].map(() => ask(limits, who))).toEqual([null, null, 'requests_minute']);
    expect(used()).toBe('requests_minute 2, requests_hour 2, requests_day 2');
    clock.now += 61_000;
    expect([1, 2].map(() => ask(limits, who))).toEqual([null, 'requests_hour']);
    expect(used()).toBe('requests_minute 1, requests_hour 3, requests_day 3');
    clock.now += 61 * 60_000;
    expect([1, 2].map(() => ask(limits, who))).toEqual([null, 'requests_day']);
  });

  it('names the window that takes longest to have room', () => {
    const { limits } = setUp();
    const who = caller('a', { perMinute: 1, perDay: 1 });
    limits.admit(who).release();
    const { refusal } = limits.admit(who);
    expect(refusal).toMatchObject({ by: { kind: 'requests_day' }, limit: 1, remaining: 0 });
    expect(refusal!.retryAfterMs).toBeGreaterThan(86_400_000 - 900_000);
  });

  it('holds each caller to the limit of a day under any traffic and any setting of the clock', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.integer({ min: -7_200_000, max: 14_400_000 }), { maxLength: 150 }),
        (perDay, steps) => {
          const { clock, limits } = setUp();
          const who = caller('a', { perDay });
          const admitted: number[] = [];
          // What the limits take the time to be: the latest they were ever told.
          let latest = START;
          for (const step of steps) {
            clock.now += step;
            latest = Math.max(latest, clock.now);
            if (ask(limits, who) === null) admitted.push(latest);
          }
          for (const at of admitted) {
            const within = admitted.filter((other) => other <= at && other > at - 86_400_000);
            expect(within.length).toBeLessThanOrEqual(perDay);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('lets only so many be answered at once, and a release counts once', () => {
    const { limits } = setUp();
    const who = caller('a', { concurrent: 2 });
    const first = limits.admit(who);
    const second = limits.admit(who);
    expect(limits.admit(who).refusal).toMatchObject({ by: 'concurrent', limit: 2 });
    first.release();
    first.release();
    expect(limits.admit(who).refusal).toBeNull();
    expect(limits.admit(who).refusal?.by).toBe('concurrent');
    second.release();
    expect(limits.usageOf(who).active).toBe(1);
  });

  it('tells where the caller stands in the window with the least left', () => {
    const { clock, limits } = setUp();
    const who = caller('a', TIER_LIMITS.free);
    clock.now = Math.ceil(START / 1_000) * 1_000;
    expect(limits.admit(who).tightest).toMatchObject({
      kind: { kind: 'requests_minute' },
      limit: 10,
      remaining: 9,
      resetMs: 61_000,
    });
    expect(limits.admit(caller('free', {})).tightest).toBeNull();
  });

  it('charges items all or nothing, and apart from requests and tokens', () => {
    const { limits } = setUp();
    const who = caller('a', { itemsPerDay: 100, tokensPerDay: 1 });
    expect(limits.charge(who, ITEMS_DAY, 60)).toBeNull();
    expect(limits.charge(who, ITEMS_DAY, 41)).toMatchObject({ by: ITEMS_DAY, remaining: 40 });
    expect(limits.charge(who, ITEMS_DAY, 40)).toBeNull();
    expect(limits.charge(who, ITEMS_DAY, 1)).toMatchObject({ remaining: 0 });
    expect(limits.charge(who, TOKENS_DAY, 1)).toBeNull();
    expect(ask(limits, who)).toBeNull();
  });

  it('applies a changed limit to what has been used already', () => {
    const { limits } = setUp();
    for (let i = 0; i < 5; i++) ask(limits, caller('a', { perMinute: 10 }));
    expect(ask(limits, caller('a', { perMinute: 5 }))).toBe('requests_minute');
    expect(ask(limits, caller('a', { perMinute: 6 }))).toBeNull();
  });

  it('refuses for ever under a limit of nothing, with a time to wait all the same', () => {
    const { limits } = setUp();
    const { refusal } = limits.admit(caller('a', { perMinute: 0 }));
    expect(refusal?.retryAfterMs).toBeGreaterThan(0);
  });

  it('forgets callers that have nothing counted any more, and no others', () => {
    const { clock, limits } = setUp();
    for (let i = 0; i < 2_500; i++) ask(limits, caller(String(i), { perMinute: 10 }));
    clock.now += 61_000;
    const busy = limits.admit(caller('1', { perMinute: 10 }));
    clock.now += 86_400_000 + 900_000;
    for (let second = 0; second < 10; second++) limits.forgetIdle();
    expect(limits.usageOf(caller('1', {})).active).toBe(1);
    expect(limits.usageOf(caller('2', {})).windows.size).toBe(0);
    busy.release();
  });

  it('stays within its capacity, keeping those that are being answered', () => {
    const told: string[] = [];
    const limits = new LocalLimits({
      now: () => START,
      saves: false,
      capacity: 100,
      onForgotten: () => told.push('forgotten'),
    });
    limits.admit(caller('busy', { concurrent: 1 }));
    for (let i = 0; i < 1_000; i++) ask(limits, caller(String(i), { perMinute: 10 }));
    expect(limits.list(null, null, 1_000).total).toBeLessThanOrEqual(100);
    expect(limits.usageOf(caller('busy', {})).active).toBe(1);
    expect(told).toEqual(['forgotten']);
    for (let i = 0; i < 1_000; i++) limits.hit(`address ${i}`, { lengthMs: 1_000, slices: 60 }, 5);
    expect(limits.hit('address 999', { lengthMs: 1_000, slices: 60 }, 5).used).toBe(2);
    expect(limits.hit('address 0', { lengthMs: 1_000, slices: 60 }, 5).used).toBe(1);
  });

  it('lists callers in pages, of one tenant or of all', () => {
    const { limits } = setUp();
    for (const id of ['c', 'a', 'b']) ask(limits, caller(id, {}, 'north'));
    for (const id of ['e', 'd']) ask(limits, caller(id, {}, 'south'));
    ask(limits, caller('x', {}, 'north-west'));
    const pages: string[][] = [];
    let after: string | null = null;
    do {
      const page = limits.list(null, after, 2);
      expect(page.total).toBe(6);
      pages.push(page.usages.map(({ subject }) => subject));
      after = page.next;
    } while (after !== null);
    expect(pages).toEqual([
      ['key:a', 'key:b'],
      ['key:c', 'key:x'],
      ['key:d', 'key:e'],
    ]);
    const north = limits.list('north', null, 10);
    expect(north.usages.map(({ subject }) => subject)).toEqual(['key:a', 'key:b', 'key:c']);
    expect(north).toMatchObject({ total: 3, next: null });
  });

  it('hands over each count once to be written down, and takes back what was not', () => {
    const { clock, limits } = setUp({ saves: true });
    const who = caller('a', { perMinute: 10 });
    const sums = (counts: readonly { kind: string; count: number }[]) =>
      counts.map(({ kind, count }) => `${kind} ${count}`).sort();
    ask(limits, who);
    ask(limits, who);
    const first = limits.takeUnsaved();
    expect(sums(first)).toEqual(['requests_day 2', 'requests_minute 2']);
    expect(limits.takeUnsaved()).toEqual([]);
    ask(limits, who);
    limits.keepUnsaved(first);
    expect(sums(limits.takeUnsaved())).toEqual(['requests_day 3', 'requests_minute 3']);
    limits.keepUnsaved(first);
    clock.now += 120_000;
    // A minute that is over need not be written down any more.
    expect(sums(limits.takeUnsaved())).toEqual(['requests_day 2']);
  });

  it('goes on where it was when what was written down is read back', () => {
    const before = setUp({ saves: true });
    const who = caller('a', { perMinute: 10, itemsPerDay: 100 });
    for (let i = 0; i < 7; i++) ask(before.limits, who);
    before.limits.charge(who, ITEMS_DAY, 60);
    const counts = before.limits.takeUnsaved();
    const after = setUp();
    after.clock.now += 5_000;
    after.limits.restore([{ limitSubject: who.limitSubject, tenantId: 'default', counts }]);
    expect(after.limits.usageOf(who).windows.get('requests_minute')?.used).toBe(7);
    expect(Array.from({ length: 5 }, () => ask(after.limits, who))).toEqual([
      null,
      null,
      null,
      'requests_minute',
      'requests_minute',
    ]);
    expect(after.limits.charge(who, ITEMS_DAY, 41)).not.toBeNull();
    expect(after.limits.charge(who, ITEMS_DAY, 40)).toBeNull();
  });
});
