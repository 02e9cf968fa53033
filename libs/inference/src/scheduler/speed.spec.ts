import { Speed } from './speed.js';

describe('Speed', () => {
  it('knows nothing before the first batch', () => {
    const speed = new Speed();
    expect(speed.estimate(100, 1)).toBe(0);
    expect(speed.itemsPerSecond(2)).toBeNull();
  });

  it('foretells from real tokens and from items, shared by the lanes', () => {
    const speed = new Speed();
    speed.record(200, 10, 20);
    expect(speed.estimate(100, 1)).toBe(10);
    expect(speed.estimate(100, 2)).toBe(5);
    expect(speed.itemsPerSecond(2)).toBe(1_000);
  });

  it('follows a change slowly, so that one odd batch counts little', () => {
    const speed = new Speed();
    speed.record(200, 10, 20);
    speed.record(200, 10, 40);
    expect(speed.estimate(100, 1)).toBeCloseTo(11);
    for (let i = 0; i < 100; i++) speed.record(200, 10, 40);
    expect(speed.estimate(100, 1)).toBeCloseTo(20, 1);
  });
});
