import type { Span } from '@app/inference';

export type CueKind =
  'negation' | 'pseudo-negation' | 'uncertainty' | 'history' | 'family' | 'hypothetical';

interface CueGroup {
  readonly kind: CueKind;
  /** Where the entity stands as seen from the cue; `either` where both are usual. */
  readonly entity: 'after' | 'before' | 'either';
  readonly phrases: readonly string[];
}

/**
 * The cues by which answers are sorted in an evaluation: the common ones, far from all. They
 * describe the examples and decide nothing.
 */
// prettier-ignore
export const CUES: readonly CueGroup[] = [
  {
    kind: 'negation',
    entity: 'after',
    phrases: [
      'no', 'not', 'non', 'never', 'none', 'without', 'w/o', 'denies', 'denied', 'denying',
      'deny', 'negative for', 'neg for', 'absence of', 'free of', 'no evidence of', 'no sign of',
      'no signs of', 'nor', 'neither', 'ruled out for', 'rules out', 'ruled out', 'lack of',
      'fails to reveal', 'resolution of', 'resolved', 'unremarkable for',
    ],
  },
  {
    kind: 'negation',
    entity: 'before',
    phrases: [
      'is absent', 'are absent', 'was absent', 'were absent', 'was ruled out', 'is ruled out',
      'were ruled out', 'has been ruled out', 'not seen', 'not present', 'not identified',
      'not appreciated', 'not noted', 'is negative', 'was negative', 'were negative', 'negative',
      'is unlikely', 'has resolved', 'have resolved', 'resolved', 'denied',
    ],
  },
  {
    kind: 'pseudo-negation',
    entity: 'either',
    phrases: [
      'no increase', 'no change', 'no significant change', 'no interval change', 'not only',
      'no further', 'without difficulty', 'gram negative', 'not necessarily', 'not certain if',
      'no improvement', 'no relief', 'not improved', 'not controlled', 'not resolved',
    ],
  },
  {
    kind: 'uncertainty',
    entity: 'after',
    phrases: [
      'possible', 'possibly', 'probable', 'probably', 'likely', 'may', 'might', 'could',
      'suspect', 'suspected', 'suspicious for', 'suspicion of', 'suspicion for', 'concern for',
      'concerning for', 'worrisome for', 'question of', 'questionable', 'rule out', 'r/o',
      'cannot rule out', 'cannot exclude', 'cannot be excluded', 'not excluded', 'presumed',
      'presumptive', 'suggestive of', 'suggests', 'suggesting', 'evaluate for', 'differential',
      'apparent', 'perhaps', 'appears', 'appears to have', 'if there is', 'whether',
    ],
  },
  {
    kind: 'uncertainty',
    entity: 'before',
    phrases: [
      'is suspected', 'was suspected', 'are suspected', 'suspected', 'is possible', 'possible',
      'is likely', 'likely', 'is probable', 'cannot be excluded', 'cannot be ruled out',
      'not excluded', 'not ruled out', 'is questionable', 'questionable', 'is considered',
      'is in the differential', 'to be ruled out',
    ],
  },
  { kind: 'uncertainty', entity: 'either', phrases: ['versus', 'vs', 'vs.', '?'] },
  {
    kind: 'history',
    entity: 'after',
    phrases: ['history of', 'h/o', 'hx of', 'status post', 's/p', 'prior', 'previous', 'past'],
  },
  {
    kind: 'family',
    entity: 'either',
    phrases: [
      'family history', 'mother', 'father', 'sister', 'brother', 'aunt', 'uncle', 'grandmother',
      'grandfather', 'son', 'daughter', 'parents', 'siblings', 'maternal', 'paternal', 'cousin',
    ],
  },
  {
    kind: 'hypothetical',
    entity: 'after',
    phrases: [
      'if', 'should', 'return for', 'in case of', 'risk of', 'risks of', 'risks include',
      'to prevent', 'prevention of', 'prophylaxis', 'monitor for', 'watch for', 'precautions',
      'screening for', 'as needed for', 'p.r.n.', 'prn',
    ],
  },
];

/** The cue nearest to an entity. */
export interface NearestCue {
  readonly kind: CueKind;
  /** Words between cue and entity; null where no entity is marked. */
  readonly words: number | null;
}

interface FoundCue extends Span {
  readonly groups: readonly CueGroup[];
}

const GROUPS_OF = new Map<string, CueGroup[]>();
for (const group of CUES) {
  for (const phrase of group.phrases) {
    GROUPS_OF.set(phrase, [...(GROUPS_OF.get(phrase) ?? []), group]);
  }
}
const PHRASE = new RegExp(
  // Longer ones first, so that "no increase" is not taken for "no".
  [...GROUPS_OF.keys()]
    .sort((a, b) => b.length - a.length)
    .map((phrase) => phrase.replace(/[.?]/g, '\\$&'))
    .map(
      (phrase) =>
        `(?<![\\p{L}\\p{N}])${phrase}${/\p{L}$/u.test(phrase) ? '(?![\\p{L}\\p{N}])' : ''}`,
    )
    .join('|'),
  'giu',
);
const WORD = /[\p{L}\p{N}]+/gu;

/**
 * The cue with the fewest words between it and the entity, on the side it speaks to; of a
 * sentence without an entity the first. Null when the sentence has none.
 * @param entity string indices into `text`
 */
export function nearestCue(text: string, entity?: Span): NearestCue | null {
  const cues = findCues(text);
  if (entity === undefined) {
    const [kind] = cues[0]?.groups.map((group) => group.kind) ?? [];
    return kind === undefined ? null : { kind, words: null };
  }
  let nearest: { kind: CueKind; words: number } | null = null;
  for (const cue of cues) {
    const isBefore = cue.end <= entity.start;
    if (!isBefore && cue.start < entity.end) continue;
    const group = cue.groups.find(
      ({ entity: side }) => side === 'either' || side === (isBefore ? 'after' : 'before'),
    );
    if (!group) continue;
    const between = isBefore
      ? text.slice(cue.end, entity.start)
      : text.slice(entity.end, cue.start);
    const words = between.match(WORD)?.length ?? 0;
    if (!nearest || words < nearest.words) nearest = { kind: group.kind, words };
  }
  return nearest;
}

function findCues(text: string): FoundCue[] {
  return Array.from(text.matchAll(PHRASE), (match) => ({
    start: match.index,
    end: match.index + match[0].length,
    groups: GROUPS_OF.get(match[0].toLowerCase()) ?? [],
  }));
}
