import { brierScore, calibrationError, reliabilityBins } from './calibration.js';

const answers = [
  { score: 0.95, right: true },
  { score: 0.91, right: true },
  { score: 0.99, right: false },
  { score: 0.55, right: true },
  { score: 0.6, right: false },
];

describe('reliabilityBins', () => {
  it('put a score on an edge into the bin below, and 1 into the last', () => {
    const bins = reliabilityBins([...answers, { score: 1, right: true }], 10);
    expect(bins.map(({ count }) => count)).toEqual([0, 0, 0, 0, 0, 2, 0, 0, 0, 4]);
    expect(bins[5]).toMatchObject({ low: 0.5, high: 0.6, accuracy: 0.5 });
    expect(bins[5]!.confidence).toBeCloseTo(0.575, 12);
  });
});

describe('calibrationError', () => {
  it('weighs each bin by its answers', () => {
    // (0.9, 1]: confidence 0.95, accuracy 2/3; (0.5, 0.6]: 0.575 and 0.5
    const expected = (3 / 5) * (0.95 - 2 / 3) + (2 / 5) * 0.075;
    expect(calibrationError(reliabilityBins(answers, 10))).toBeCloseTo(expected, 12);
  });

  it('is nothing where scores are what they say', () => {
    const honest = [0.75, 0.75, 0.75, 0.75].map((score, i) => ({ score, right: i > 0 }));
    expect(calibrationError(reliabilityBins(honest, 15))).toBe(0);
  });
});

describe('brierScore', () => {
  it('adds the squared errors of all labels', () => {
    const answer = { score: 0.7, right: true, expected: 'a' };
    const [first, second] = [
      { a: 0.7, b: 0.2, c: 0.1 },
      { a: 0, b: 1, c: 0 },
    ];
    expect(brierScore([{ ...answer, probabilities: first }])).toBeCloseTo(0.09 + 0.04 + 0.01, 12);
    expect(brierScore([{ ...answer, probabilities: second }])).toBe(2);
  });
});
