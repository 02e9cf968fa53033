import fc from 'fast-check';
import { formBatch, paddedTokens, paddingWaste, shapeOf, type Sized } from './form-batch.js';

const sized = fc.record({
  length: fc.integer({ min: 1, max: 512 }),
  units: fc.constantFrom(1, 1, 1, 2, 5),
});
const budget = fc.record({
  maxBatchTokens: fc.integer({ min: 1, max: 4096 }),
  maxPaddingWaste: fc.double({ min: 0, max: 0.9, noNaN: true }),
});

const of = (...lengths: number[]): Sized[] => lengths.map((length) => ({ length, units: 1 }));

describe('formBatch', () => {
  it('never exceeds the token budget or the padding limit, unless the head alone does', () => {
    fc.assert(
      fc.property(sized, fc.array(sized, { maxLength: 60 }), budget, (head, waiting, limits) => {
        const batch = formBatch(head, waiting, limits);
        expect(batch[0]).toBe(head);
        if (batch.length > 1) {
          expect(paddedTokens(shapeOf(batch))).toBeLessThanOrEqual(limits.maxBatchTokens);
          expect(paddingWaste(shapeOf(batch))).toBeLessThanOrEqual(limits.maxPaddingWaste + 1e-12);
        }
      }),
    );
  });

  it('takes each waiting item at most once and invents none', () => {
    fc.assert(
      fc.property(sized, fc.array(sized, { maxLength: 60 }), budget, (head, waiting, limits) => {
        const mates = formBatch(head, waiting, limits).slice(1);
        expect(new Set(mates).size).toBe(mates.length);
        for (const mate of mates) expect(waiting).toContain(mate);
      }),
    );
  });

  it('leaves no equally long item behind while there is room for it', () => {
    const head = { length: 20, units: 1 };
    const waiting = of(20, 90, 20, 5, 20);
    const batch = formBatch(head, waiting, { maxBatchTokens: 80, maxPaddingWaste: 0 });
    expect(batch.map((item) => item.length)).toEqual([20, 20, 20, 20]);
  });

  it('sends an over-long head alone rather than never', () => {
    const head = { length: 512, units: 1 };
    expect(formBatch(head, of(512, 1), { maxBatchTokens: 256, maxPaddingWaste: 0.5 })).toEqual([
      head,
    ]);
  });

  it('takes the closest lengths, and among equals the earlier', () => {
    const earlier = { length: 20, units: 1 };
    const waiting = [...of(30, 21, 12), earlier, ...of(20)];
    const batch = formBatch({ length: 20, units: 1 }, waiting, {
      maxBatchTokens: 63,
      maxPaddingWaste: 0.1,
    });
    expect(batch.map((item) => item.length)).toEqual([20, 20, 20]);
    expect(batch[1]).toBe(earlier);
  });

  it('takes an unlike neighbour where it is cheaper than another run, and not where it costs more', () => {
    const head = { length: 20, units: 1 };
    const budget = { maxBatchTokens: 512, maxPaddingWaste: 0.2 };
    expect(formBatch(head, of(22), budget)).toHaveLength(2);
    const many = of(...Array.from({ length: 10 }, () => 20));
    expect(formBatch(head, [...many, ...of(24)], budget)).toHaveLength(11);
  });

  it('counts the rows of a composite item', () => {
    const batch = formBatch({ length: 10, units: 3 }, [{ length: 10, units: 3 }], {
      maxBatchTokens: 50,
      maxPaddingWaste: 0.5,
    });
    expect(batch).toHaveLength(1);
  });
});
