import { parseBaseline } from './baseline.js';
import type { ClassAnswer } from './class-answers.js';
import { reportBehaviour, reportClasses, reportTogether } from './class-report.js';
import type { ClassExample } from './example.js';

const LABELS = ['PRESENT', 'ABSENT', 'POSSIBLE'];

function answer(label: string, example: Partial<ClassExample> & { label: string }): ClassAnswer {
  const { text = 'No fever.' } = example;
  return {
    example: { place: 'test.jsonl:1', text, ...example },
    ...(example.entity && { entity: example.entity }),
    expected: example.label,
    label,
    right: label === example.label,
    score: 0.9,
    probabilities: { PRESENT: 0.05, ABSENT: 0.05, POSSIBLE: 0.05, [label]: 0.9 },
    tokens: 5,
  };
}

describe('the account of labelled texts', () => {
  const answers = [
    answer('ABSENT', { label: 'ABSENT', note: 'a', section: 'ROS' }),
    answer('ABSENT', { label: 'ABSENT', note: 'a', section: 'ROS' }),
    answer('PRESENT', { label: 'PRESENT', note: 'b', section: 'HPI', text: 'Cough | fever' }),
    answer('PRESENT', {
      label: 'POSSIBLE',
      section: 'HPI',
      text: 'Possible *flu*.',
      entity: { start: 10, end: 13 },
    }),
  ];
  const baseline = parseBaseline(
    '{"name":"cue rules","per_class":{"ABSENT":{"f1":0.9}},"macro_f1":0.5}',
    'test.baseline.json',
  );
  const { markdown, confusion, bins } = reportClasses('test.jsonl', LABELS, answers, baseline);

  it('holds the figures, their intervals and the margin over the baseline', () => {
    expect(markdown).toContain('4 texts of 2 notes; intervals are over whole notes.');
    expect(markdown).toMatch(
      /\| ABSENT \| 2 \| 1\.000 \(.*\) \| .* \| 1\.000 \(1\.000–1\.000\) \| 0\.900 \| \+0\.100 \|/,
    );
    expect(markdown).toMatch(
      /\| PRESENT \| 1 \| 0\.500 \(0\.000–1\.000\) \| .* \| 0\.667 .* \| – \| – \|/,
    );
    expect(markdown).toContain('| expected calibration error, 10 bins | 0.1500 |');
    expect([...confusion]).toEqual([1, 0, 0, 0, 2, 0, 1, 0, 0]);
    expect(bins[8]!.count).toBe(4);
  });

  it('gives the mean over classes no interval from resamples that lack one', () => {
    const rare = [
      ...Array.from({ length: 10 }, () => answer('PRESENT', { label: 'PRESENT' })),
      ...Array.from({ length: 9 }, () => answer('ABSENT', { label: 'ABSENT' })),
      answer('PRESENT', { label: 'POSSIBLE' }),
    ];
    const row = /\| macro F1 \| 20 \| {2}\| {2}\| (\S+) \((\S+)–(\S+)\) \|/.exec(
      reportClasses('test.jsonl', LABELS, rare, null).markdown,
    );
    expect(Number(row?.[1])).toBeCloseTo((20 / 21 + 1) / 3, 3);
    // Where the rare class is missed, its F1 is 0, and the mean cannot exceed two thirds.
    expect(Number(row?.[3])).toBeLessThan(0.667);
  });

  it('counts several sets as one, and notes of the same name in two of them as two', () => {
    const sets = [
      { name: 'a.jsonl', answers },
      { name: 'b.jsonl', answers: answers.slice(0, 2) },
    ];
    const together = reportTogether(sets, LABELS);
    expect(together).toContain('### a.jsonl and b.jsonl together\n\n6 texts.');
    expect(together).toMatch(/\| ABSENT \| 4 \| 1\.000 \(.*\) \| .* \| 1\.000/);
    expect(together).toMatch(/\| PRESENT \| 1 \| 0\.500 /);
  });

  it('sorts the answers by what they differ in only', () => {
    expect(markdown).toContain('| section | HPI | 2 | 0.500');
    expect(markdown).toContain('|  | ROS | 2 | 1.000');
    expect(markdown).not.toContain('length, tokens');
    expect(markdown).not.toContain('source');
  });

  it('shows wrong answers with their entity, and texts cannot break the page', () => {
    expect(markdown).toContain('- Possible \\***flu**\\*. (expected POSSIBLE, said PRESENT 0.90)');
    expect(markdown).not.toContain('Cough');
  });

  it('counts the wrong answers of a frozen set and does not show them', () => {
    const frozen = reportClasses('test.jsonl', LABELS, answers, baseline, true).markdown;
    expect(frozen).toContain('1 mistake, not listed: the set is frozen');
    expect(frozen).not.toContain('flu');
  });
});

describe('the account of a behavioural suite', () => {
  const pair = (label: string, capability: string, group: string) =>
    answer(label, { label: 'ABSENT', capability, group, kind: capability });

  it('gives the pass rate of each capability, the weakest first, and of whole groups', () => {
    const markdown = reportBehaviour('behaviour.jsonl', [
      pair('ABSENT', 'pre-negation', 'g1'),
      pair('ABSENT', 'pre-negation', 'g1'),
      pair('PRESENT', 'scope', 'g2'),
      pair('ABSENT', 'scope', 'g2'),
    ]);
    expect(markdown).toContain('3 of 4 cases passed (75.0 %), in 2 capabilities');
    expect(markdown).toMatch(
      /\| scope \| 2 \| 1 \| 50\.0 % \| 0 of 1 \|\n\| pre-negation \| 2 \| 2 \| 100\.0 % \| 1 of 1 \|\n\| all \| 4 \| 3 \| 75\.0 % \| 1 of 2 \|/,
    );
    expect(markdown).toContain('- scope: No fever. (expected ABSENT, said PRESENT 0.90)');
  });
});

describe('a baseline', () => {
  it.each(['', '{}', '{"name":"a","macro_f1":1}'])('is refused as %s', (text) => {
    expect(() => parseBaseline(text, 'a.baseline.json')).toThrow('a.baseline.json must be');
  });
});
