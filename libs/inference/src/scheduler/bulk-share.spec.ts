import { BulkShare } from './bulk-share.js';

function setup() {
  const clock = { now: 10_000 };
  return { clock, share: new BulkShare(() => clock.now) };
}

describe('BulkShare', () => {
  it('fills a bulk batch by half while interactive requests come, and wholly once they do not', () => {
    const { clock, share } = setup();
    expect(share.batchTokens(512, 20)).toBe(512);
    share.served('interactive', 100, false);
    clock.now += 1_000;
    expect(share.batchTokens(512, 20)).toBe(256);
    clock.now += 1;
    expect(share.batchTokens(512, 20)).toBe(512);
  });

  it('fills it by half where a full one runs long: whoever comes would wait for it', () => {
    expect(setup().share.batchTokens(512, 500)).toBe(256);
  });

  it('earns bulk work one token in twenty of what both are served, and only while it waits', () => {
    const { share } = setup();
    share.served('interactive', 95, true);
    expect(share.due(6)).toBe(0);
    expect(share.due(5)).toBeCloseTo(5);
    share.served('bulk', 5, true);
    expect(share.due(1)).toBe(0);
    share.served('interactive', 950, true);
    share.served('interactive', 10, false);
    expect(share.due(1)).toBe(0);
  });
});
