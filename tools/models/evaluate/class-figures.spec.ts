import { classFigures, confusionOf } from './class-figures.js';

describe('classFigures', () => {
  const LABELS = ['PRESENT', 'ABSENT', 'POSSIBLE'];

  it('are those of the textbook', () => {
    //               answered:        P  A  ?
    const confusion = Float64Array.of(8, 1, 1, /**/ 2, 6, 0, /**/ 0, 1, 1);
    const { accuracy, macroF1, perClass } = classFigures(LABELS, confusion);
    expect(accuracy).toBeCloseTo(15 / 20, 12);
    expect(perClass[0]).toEqual({
      label: 'PRESENT',
      support: 10,
      precision: 8 / 10,
      recall: 8 / 10,
      f1: 0.8,
    });
    expect(perClass[1]).toMatchObject({ support: 8, precision: 6 / 8, recall: 6 / 8, f1: 0.75 });
    expect(perClass[2]).toMatchObject({ support: 2, precision: 0.5, recall: 0.5, f1: 0.5 });
    expect(macroF1).toBeCloseTo((0.8 + 0.75 + 0.5) / 3, 12);
  });

  it('do not count a class that never occurs', () => {
    const { macroF1, perClass } = classFigures(LABELS, Float64Array.of(3, 1, 0, 0, 4, 0, 0, 0, 0));
    expect(perClass[2]).toMatchObject({ support: 0, precision: NaN, recall: NaN, f1: NaN });
    expect(macroF1).toBeCloseTo((6 / 7 + 8 / 9) / 2, 12);
  });

  it('give a class that is expected but never answered a recall and an F1 of 0', () => {
    const { perClass } = classFigures(['a', 'b'], Float64Array.of(2, 0, 1, 0));
    expect(perClass[1]).toMatchObject({ precision: NaN, recall: 0, f1: 0 });
  });
});

describe('confusionOf', () => {
  it('counts one answer in the row of what was expected', () => {
    expect([...confusionOf(['a', 'b'], 'a', 'b')]).toEqual([0, 1, 0, 0]);
    expect(() => confusionOf(['A', 'B'], 'a', 'b')).toThrow('a or b is none of A, B');
  });
});
