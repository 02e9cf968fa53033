import { ProviderMetadata } from './provider-metadata.js';

const HOUR = 3600_000;

describe('ProviderMetadata', () => {
  let now = 0;
  let answer: () => Promise<string>;
  let asked = 0;
  let failures: unknown[] = [];
  const open = () => {
    now = 0;
    asked = 0;
    failures = [];
    return new ProviderMetadata(
      () => {
        asked++;
        return answer();
      },
      (error) => failures.push(error),
      () => now,
    );
  };
  const away = () => Promise.reject(new Error('away'));
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is asked for once, however many wait for it, and again after an hour', async () => {
    answer = () => Promise.resolve(`answer ${asked}`);
    const metadata = open();
    expect(asked).toBe(0);
    expect(await Promise.all([metadata.get(), metadata.get()])).toEqual(['answer 1', 'answer 1']);
    now = HOUR - 1;
    expect(await metadata.get()).toBe('answer 1');
    now = HOUR;
    expect(await metadata.get()).toBe('answer 1');
    await settled();
    expect(await metadata.get()).toBe('answer 2');
    expect(asked).toBe(2);
  });

  it('says when to come back, and asks no more often than that, ever less', async () => {
    answer = away;
    const metadata = open();
    const wait = async () =>
      (await metadata.get().catch((error: unknown) => error)) as {
        code: string;
        retryAfterSeconds: number;
      };
    for (const seconds of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(await wait()).toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
        retryAfterSeconds: seconds,
      });
      const before = asked;
      now += seconds * 1000 - 500;
      expect((await wait()).retryAfterSeconds).toBeCloseTo(0.5);
      expect(asked).toBe(before);
      now += 500;
    }
    answer = () => Promise.resolve('back');
    expect(await metadata.get()).toBe('back');
    expect(failures).toHaveLength(8);
  });

  it('goes on with what it knew while the provider is away', async () => {
    answer = () => Promise.resolve('known');
    const metadata = open();
    await metadata.get();
    answer = away;
    now = 2 * HOUR;
    expect(await metadata.get()).toBe('known');
    await settled();
    expect(await metadata.get()).toBe('known');
    expect(asked).toBe(2);
    now += 1_000;
    expect(await metadata.get()).toBe('known');
    await settled();
    expect(asked).toBe(3);
  });
});
