import type { ClassAnswer } from './class-answers.js';

export interface PassRate {
  readonly name: string;
  readonly cases: number;
  readonly passed: number;
  /** Sets of cases that belong together, and of those the ones with every case right. */
  readonly groups: number;
  readonly wholeGroups: number;
}

/** What a behavioural suite gave: a case passes when it gets the label it expects. */
export interface BehaviourFigures {
  readonly all: PassRate;
  /** The weakest first. */
  readonly byCapability: readonly PassRate[];
  readonly byKind: readonly PassRate[];
  readonly failures: readonly ClassAnswer[];
}

export function behaviourFigures(answers: readonly ClassAnswer[]): BehaviourFigures {
  return {
    all: passRate('all', answers),
    byCapability: rates(answers, ({ example }) => example.capability),
    byKind: rates(answers, ({ example }) => example.kind),
    failures: answers.filter(({ right }) => !right),
  };
}

function rates(
  answers: readonly ClassAnswer[],
  nameOf: (answer: ClassAnswer) => string | undefined,
): PassRate[] {
  const named = new Map<string, ClassAnswer[]>();
  for (const answer of answers) {
    const name = nameOf(answer);
    if (name !== undefined) named.set(name, [...(named.get(name) ?? []), answer]);
  }
  return [...named]
    .map(([name, members]) => passRate(name, members))
    .sort((a, b) => a.passed / a.cases - b.passed / b.cases || (a.name < b.name ? -1 : 1));
}

function passRate(name: string, answers: readonly ClassAnswer[]): PassRate {
  const groups = new Map<string, boolean>();
  for (const { example, right } of answers) {
    const { group } = example;
    if (group !== undefined) groups.set(group, right && groups.get(group) !== false);
  }
  return {
    name,
    cases: answers.length,
    passed: answers.filter(({ right }) => right).length,
    groups: groups.size,
    wholeGroups: [...groups.values()].filter(Boolean).length,
  };
}
