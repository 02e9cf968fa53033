import { setTimeout as sleep } from 'node:timers/promises';
import { CachedReading } from './cached-reading.js';

describe('CachedReading', () => {
  it('asks its source once for many readers, and again when the value has aged', async () => {
    let reads = 0;
    const reading = new CachedReading(async () => ++reads, { freshMs: 40 });
    const values = await Promise.all([reading.get(), reading.get(), reading.get()]);
    expect(values.map((got) => got?.value)).toEqual([1, 1, 1]);
    expect((await reading.get())?.value).toBe(1);
    await sleep(60);
    expect((await reading.get())?.value).toBe(2);
  });

  it('gives the last value, and its age, while the source fails; tells why; does not press it', async () => {
    let fails = false;
    let reads = 0;
    const errors: unknown[] = [];
    const read = async () => {
      reads++;
      if (fails) throw new Error('away');
      return reads;
    };
    const onError = (error: unknown) => errors.push(error);
    const reading = new CachedReading(read, { freshMs: 40, onError });
    await reading.get();
    fails = true;
    await sleep(60);
    const stale = await reading.get();
    expect(stale?.value).toBe(1);
    expect(stale?.ageMs).toBeGreaterThan(40);
    await reading.get();
    expect([reads, errors.length]).toEqual([2, 1]);
  });

  it('waits no longer than it may for a source that hangs, which is asked once only', async () => {
    let reads = 0;
    const hung = () => {
      reads++;
      return new Promise<never>(() => undefined);
    };
    const reading = new CachedReading(hung, { freshMs: 0, patienceMs: 20 });
    expect(await reading.get()).toBeNull();
    expect(await reading.get()).toBeNull();
    expect(reads).toBe(1);
  });
});
