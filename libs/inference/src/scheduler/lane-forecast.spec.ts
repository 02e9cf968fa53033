import { jest } from '@jest/globals';
import { ManualRuntime } from '../testing/manual-runtime.js';
import { LaneForecast } from './lane-forecast.js';

function setup() {
  jest.useFakeTimers();
  let told = 0;
  const forecast = new LaneForecast(
    () => performance.now(),
    () => told++,
  );
  const [lane, other] = new ManualRuntime(2).lanes;
  return { forecast, lane: lane!, other: other!, told: () => told };
}

afterEach(() => jest.useRealTimers());

describe('LaneForecast', () => {
  it('adds up what a lane holds, and counts from when each run began', () => {
    const { forecast, lane } = setup();
    forecast.sent(lane, 20);
    forecast.sent(lane, 10);
    jest.advanceTimersByTime(5);
    expect(forecast.remainingMs(lane)).toBe(25);
    forecast.ended(lane);
    expect(forecast.remainingMs(lane)).toBe(10);
    forecast.ended(lane);
    expect(forecast.remainingMs(lane)).toBe(0);
  });

  it('says when a watched lane is near its end, once', () => {
    const { forecast, lane, other, told } = setup();
    forecast.sent(lane, 20);
    forecast.sent(other, 15);
    forecast.watch(other);
    forecast.watch(lane);
    jest.advanceTimersByTime(11);
    expect(told()).toBe(0);
    jest.advanceTimersByTime(1);
    expect(told()).toBe(1);
    expect(forecast.isNearEnd(other)).toBe(true);
    expect(forecast.isNearEnd(lane)).toBe(false);
    jest.advanceTimersByTime(1_000);
    expect(told()).toBe(1);
  });

  it('waits for nothing on a lane that is late or whose speed is unknown', () => {
    const { forecast, lane, told } = setup();
    forecast.sent(lane, 0);
    forecast.watch(lane);
    jest.advanceTimersByTime(1_000);
    expect(told()).toBe(0);
    expect(forecast.isAlwaysNearEnd(lane)).toBe(true);
  });
});
