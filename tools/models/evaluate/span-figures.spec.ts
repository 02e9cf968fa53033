import {
  lenientFigure,
  spanCounts,
  strictFigure,
  support,
  type TypedSpan,
} from './span-figures.js';

const LABELS = ['PROBLEM', 'TEST'];
const span = (start: number, end: number, label = 'PROBLEM'): TypedSpan => ({ start, end, label });

describe('figures of spans', () => {
  // Right; wrong bounds; wrong type; missed; invented.
  const real = [span(0, 5), span(10, 20), span(30, 35), span(40, 45)];
  const claimed = [span(0, 5), span(12, 20), span(30, 35, 'TEST'), span(60, 65)];
  const counts = spanCounts(LABELS, real, claimed);

  it('are strict about bounds and type', () => {
    expect(strictFigure(counts)).toEqual({ precision: 1 / 4, recall: 1 / 4, f1: 2 / 8 });
    expect(strictFigure(counts, 0)).toEqual({ precision: 1 / 3, recall: 1 / 4, f1: 2 / 7 });
    expect(strictFigure(counts, 1)).toEqual({ precision: 0, recall: NaN, f1: 0 });
    expect([support(counts), support(counts, 0), support(counts, 1)]).toEqual([4, 4, 0]);
  });

  it('are lenient about bounds only', () => {
    expect(lenientFigure(counts, 0)).toMatchObject({ precision: 2 / 3, recall: 2 / 4 });
    expect(lenientFigure(counts, 0).f1).toBeCloseTo((2 * (2 / 3) * 0.5) / (2 / 3 + 0.5), 12);
    expect(lenientFigure(counts, 1)).toEqual({ precision: 0, recall: NaN, f1: 0 });
  });

  it('count two claims on one real span as two claims and one find', () => {
    const both = spanCounts(LABELS, [span(0, 10)], [span(0, 4), span(5, 10)]);
    expect(lenientFigure(both)).toEqual({ precision: 1, recall: 1, f1: 1 });
    expect(strictFigure(both)).toEqual({ precision: 0, recall: 0, f1: 0 });
  });

  it('do not take neighbours for an overlap', () => {
    const touching = spanCounts(LABELS, [span(0, 4)], [span(4, 8)]);
    expect(lenientFigure(touching).recall).toBe(0);
  });

  it('are undefined where there is nothing', () => {
    expect(strictFigure(spanCounts(LABELS, [], []))).toEqual({
      precision: NaN,
      recall: NaN,
      f1: NaN,
    });
  });
});
