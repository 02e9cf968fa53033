import { padBatch } from './pad-batch.js';
import { RunFailedError } from './runtime.js';

const LIMITS = { vocabSize: 100, maxTokens: 4 };

describe('padBatch', () => {
  it('pads to the longest item and masks the padding', () => {
    const batch = padBatch(Int32Array.of(1, 3), Int32Array.of(7, 1, 99, 0), LIMITS);
    expect(batch).toMatchObject({ items: 2, width: 3 });
    expect([...batch.ids]).toEqual([7n, 0n, 0n, 1n, 99n, 0n]);
    expect([...batch.mask]).toEqual([1n, 0n, 0n, 1n, 1n, 1n]);
  });

  it.each([
    ['an empty batch', [], [], /empty/],
    ['an item without tokens', [0], [], /item 0 has 0 tokens: give 1 to 4/],
    ['an item that is too long', [1, 5], [1, 1, 1, 1, 1, 1], /item 1 has 5 tokens: give 1 to 4/],
    ['a negative id', [2], [1, -1], /item 0 .* token 1: ids are 0 to 99/],
    ['an id past the vocabulary', [1, 1], [1, 100], /item 1 .* token 0: ids are 0 to 99/],
  ])('refuses %s, naming the item and the limit', (_, lengths, ids, message) => {
    const pad = () => padBatch(Int32Array.from(lengths), Int32Array.from(ids), LIMITS);
    expect(pad).toThrow(RunFailedError);
    expect(pad).toThrow(message);
  });

  it('never puts an id into its message: ids are the text', () => {
    let message = '';
    try {
      padBatch(Int32Array.of(1), Int32Array.of(54321), LIMITS);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/outside the vocabulary/);
    expect(message).not.toContain('54321');
  });
});
