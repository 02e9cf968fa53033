import { encodeAll, mapInTurns } from './encode-all.js';
import { bertFiles } from './testing/bert-files.js';
import { createTokenizer } from './wordpiece-tokenizer.js';

describe('bulk tokenisation', () => {
  const busy = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };

  it('gives every text its encoding, in order', async () => {
    const { file, config } = bertFiles({ lowercase: true });
    const tokenizer = createTokenizer(file, config);
    const options = { maxTokens: 512, overflow: 'refuse' } as const;
    const texts = Array.from({ length: 500 }, (_, i) => `pain ${i}`);
    const encodings = await encodeAll(
      tokenizer,
      texts.map((text) => ({ text, options })),
    );
    expect(encodings).toEqual(texts.map((text) => tokenizer.encode(text, options)));
  });

  it('lets the event loop turn meanwhile', async () => {
    let turns = 0;
    let running = true;
    const turn = (): void => {
      turns++;
      if (running) setImmediate(turn);
    };
    setImmediate(turn);
    await mapInTurns(Array.from({ length: 20 }), () => busy(2));
    running = false;
    // 40 ms of work in stretches of 5 to 7 ms.
    expect(turns).toBeGreaterThanOrEqual(4);
  });

  it('stops when nobody waits any more, and on the first failure', async () => {
    const abort = new AbortController();
    let done = 0;
    const all = mapInTurns(Array.from({ length: 1000 }), () => (busy(1), done++), abort.signal);
    abort.abort(new Error('gone'));
    await expect(all).rejects.toThrow('gone');
    expect(done).toBeLessThan(100);
    const failing = (_: unknown, i: number): void => {
      if (i === 1) throw new Error('item 1');
    };
    await expect(mapInTurns([1, 2], failing)).rejects.toThrow('item 1');
  });
});
