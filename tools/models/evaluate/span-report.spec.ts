import { spanLabels } from './span-answers.js';
import { reportSpans } from './span-report.js';

describe('the account of texts with spans', () => {
  const example = (text: string, found: [number, number, string][], note: string) => ({
    place: 'test.jsonl:1',
    text,
    note,
    entities: found.map(([start, end, label]) => ({ start, end, label })),
  });
  const answers = [
    {
      example: example(
        '😀 Chest pain, MRI done.',
        [
          [2, 12, 'PROBLEM'],
          [14, 17, 'TEST'],
        ],
        'a',
      ),
      claimed: [
        { start: 8, end: 12, label: 'PROBLEM' },
        { start: 14, end: 17, label: 'TEST' },
      ],
      tokens: 8,
    },
    {
      example: example('Fever.', [[0, 5, 'PROBLEM']], 'b'),
      claimed: [{ start: 0, end: 5, label: 'PROBLEM' }],
      tokens: 30,
    },
    {
      example: example('Well.', [], 'b'),
      claimed: [{ start: 0, end: 4, label: 'TEST' }],
      tokens: 4,
    },
  ];
  const markdown = reportSpans('test.jsonl', ['PROBLEM', 'TEST'], answers);

  it('holds strict and overlapping figures of each type and of all', () => {
    expect(markdown).toContain('3 texts of 2 notes; intervals are over whole notes.');
    expect(markdown).toMatch(/\| PROBLEM \| 2 \| 0\.500 .*\| 0\.500 .*\| 0\.500 .*\| 1\.000 /);
    expect(markdown).toMatch(/\| TEST \| 1 \| 0\.500 .*\| 1\.000 .*\| 0\.667 .*\| 0\.667 /);
    expect(markdown).toMatch(/\| all \(micro\) \| 3 \| 0\.500 .*\| 0\.667 .*\| 0\.571 /);
    expect(markdown).toMatch(
      /\| length, tokens \| 1–10 \| 2 \| 2 \|.*\n\| {2}\| 21–40 \| 1 \| 1 \|/,
    );
  });

  it('shows what was said in place of what', () => {
    expect(markdown).toContain('1 wrong bounds, 0 missed, 1 not there.');
    expect(markdown).toContain(
      '- wrong bounds: 😀 **Chest pain**, MRI done. (PROBLEM); said “pain”',
    );
    expect(markdown).toContain('- not there: **Well**. (TEST)');
  });

  it('counts the mistakes of a frozen set and does not show them', () => {
    const frozen = reportSpans('test.jsonl', ['PROBLEM', 'TEST'], answers, true);
    expect(frozen).toContain('2 mistakes, not listed');
    expect(frozen).not.toContain('**');
  });
});

describe('spanLabels', () => {
  it('are the classes without O and prefixes', () => {
    expect(spanLabels(['O', 'B-TEST', 'I-TEST', 'DRUG'])).toEqual(['TEST', 'DRUG']);
  });
});
