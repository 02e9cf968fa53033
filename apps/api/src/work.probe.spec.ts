import type { WorkLoad } from '@app/observability';
import { WorkProbe } from './work.probe.js';

const LOAD: WorkLoad = {
  jobs: {},
  slices: { waiting: 40, admitted: 1, running: 3 },
  oldestWaitingSeconds: 90,
  workers: 2,
  slots: 4,
  deliveries: [],
  due: 0,
  oldestDueSeconds: 0,
};

function check(changes: Partial<WorkLoad>, loadAgeMs = 0, entriesAgeMs = 0) {
  const numbers = {
    load: async () => ({ value: { ...LOAD, ...changes }, ageMs: loadAgeMs }),
    entries: async () => ({ value: {}, ageMs: entriesAgeMs }),
  };
  return new WorkProbe(numbers, 'redis').check();
}

describe('WorkProbe', () => {
  it('tells of the queue and of active workers', async () => {
    expect(await check({})).toEqual({
      status: 'healthy',
      message: '2 active workers with 4 slots, 3 slices running, 41 waiting, queue on redis',
    });
  });

  it('says when work waits and nobody is there to do it', async () => {
    expect(await check({ workers: 0, slots: 0 })).toMatchObject({ status: 'degraded' });
    expect(await check({ workers: 0, oldestWaitingSeconds: 5 })).toMatchObject({
      status: 'healthy',
    });
  });

  it('says when the database or the queue does not answer', async () => {
    expect(await check({}, 60_000)).toMatchObject({
      status: 'degraded',
      message: expect.stringContaining('database'),
    });
    expect(await check({}, 0, 60_000)).toMatchObject({
      status: 'degraded',
      message: expect.stringContaining('redis does not answer'),
    });
  });
});
