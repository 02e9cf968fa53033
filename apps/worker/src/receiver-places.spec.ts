import { ReceiverPlaces } from './receiver-places.js';

const OPTIONS = { perReceiver: 2, perTenant: 3, waitMs: 30 };

describe('places of receivers', () => {
  it('are so many at once to one host, and others do not wait for them', async () => {
    const places = new ReceiverPlaces(OPTIONS);
    expect(await places.enter('a', 'north')).not.toBeNull();
    expect(await places.enter('a', 'north')).not.toBeNull();
    const third = places.enter('a', 'south');
    expect(await places.enter('b', 'south')).not.toBeNull();
    expect(await third).toBeNull();
  });

  it('go to the next in line when they come free quickly', async () => {
    const places = new ReceiverPlaces(OPTIONS);
    const leave = await places.enter('a', 'north');
    await places.enter('a', 'north');
    const third = places.enter('a', 'south');
    leave?.();
    expect(await third).not.toBeNull();
  });

  it('are not waited for again at a host where waiting was in vain, until it recovers', async () => {
    const places = new ReceiverPlaces(OPTIONS);
    const leave = await places.enter('a', 'north');
    await places.enter('a', 'north');
    expect(await places.enter('a', 'south')).toBeNull();
    const started = performance.now();
    expect(await places.enter('a', 'south')).toBeNull();
    expect(performance.now() - started).toBeLessThan(OPTIONS.waitMs / 2);
    leave?.();
    const quick = await places.enter('a', 'south');
    quick?.();
    const again = await places.enter('a', 'south');
    const waiting = places.enter('a', 'south');
    again?.();
    expect(await waiting).not.toBeNull();
  });

  it('are so many for one tenant, whatever the number of its hosts', async () => {
    const places = new ReceiverPlaces(OPTIONS);
    for (const host of ['a', 'b', 'c']) expect(await places.enter(host, 'north')).not.toBeNull();
    expect(await places.enter('d', 'north')).toBeNull();
    expect(await places.enter('d', 'south')).not.toBeNull();
  });
});
