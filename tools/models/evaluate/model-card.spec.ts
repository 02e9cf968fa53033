import { withEvaluation } from './model-card.js';

describe('withEvaluation', () => {
  const marks = ['<!-- evaluation:begin -->', '<!-- evaluation:end -->'] as const;

  it('replaces what stands between the marks and nothing else', () => {
    const card = `# a\n${marks[0]}\nold\n${marks[1]}\n## b\n`;
    const once = withEvaluation(card, 'new $1\n');
    expect(once).toBe(`# a\n${marks[0]}\nnew $1\n${marks[1]}\n## b\n`);
    expect(withEvaluation(once!, 'new $1')).toBe(once);
  });

  it('finds no place without both marks in order', () => {
    expect(withEvaluation(`# a\n${marks[0]}\n`, 'new')).toBeNull();
    expect(withEvaluation(`${marks[1]}\n${marks[0]}`, 'new')).toBeNull();
  });
});
