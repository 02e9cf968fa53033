import { reliabilityBins } from './calibration.js';
import { confusionSvg } from './confusion-svg.js';
import { reliabilitySvg } from './reliability-svg.js';

const texts = (svg: string): string[] =>
  Array.from(svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g), ([, text = '']) => text);

describe('drawings', () => {
  it('of a confusion matrix show each count and its share of what was expected', () => {
    const svg = confusionSvg('a <b>', ['YES', 'N&O'], Float64Array.of(3, 1, 0, 0));
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        'a &lt;b&gt;',
        'YES',
        'N&amp;O',
        '3',
        '75.0 %',
        '1',
        '25.0 %',
        '0.0 %',
      ]),
    );
    expect(svg).not.toContain('NaN');
  });

  it('of reliability leave empty bins out and stay within their frame', () => {
    const answers = [
      { score: 0.95, right: true },
      { score: 0.55, right: false },
      { score: 1, right: true },
    ];
    const svg = reliabilitySvg('title', reliabilityBins(answers, 10));
    expect(svg.match(/<circle/g)).toHaveLength(2);
    expect(svg).not.toContain('NaN');
    const [, width = 0, height = 0] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    for (const [, x, y] of svg.matchAll(/<text[^>]* x="([\d.-]+)" y="([\d.-]+)"/g)) {
      expect(Number(x)).toBeGreaterThan(0);
      expect(Number(x)).toBeLessThan(width);
      expect(Number(y)).toBeGreaterThan(0);
      expect(Number(y)).toBeLessThan(height);
    }
  });

  it('follow the reader to a dark page', () => {
    expect(reliabilitySvg('title', [])).toContain('prefers-color-scheme: dark');
  });
});
