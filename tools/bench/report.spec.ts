import { formatFigure, reached, type Figure } from './report.js';

const figure = (value: number, want: Figure['want'] = 'at least'): Figure => {
  return { id: 'P1', model: 'bundled', value, goal: 0.75, want };
};

describe('a figure', () => {
  it('is one line that says whether the goal is reached', () => {
    expect(formatFigure(figure(0.8123))).toBe('P1 bundled 0.81 goal 0.75 ok');
    expect(formatFigure(figure(0.6))).toBe('P1 bundled 0.6 goal 0.75 short');
  });

  it('is not rounded up to its goal', () => {
    expect(formatFigure(figure(0.7499))).toBe('P1 bundled 0.74 goal 0.75 short');
  });

  it('may have a goal that is a limit', () => {
    expect(reached(figure(0.75, 'at most'))).toBe(true);
    expect(reached(figure(0.76, 'at most'))).toBe(false);
  });

  it('is short when nothing was measured', () => {
    expect(reached(figure(Number.NaN))).toBe(false);
    expect(reached(figure(Number.NaN, 'at most'))).toBe(false);
  });
});
