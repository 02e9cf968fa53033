const HEADING = /^([A-Z][A-Za-z ,/&-]{1,40}):/;

/** In order: the first that fits a heading names its kind. */
const KINDS: readonly (readonly [kind: string, words: RegExp])[] = [
  ['family history', /family/i],
  ['diagnosis, impression', /diagnos|impression|assessment|reasoning|conclusion/i],
  ['reason, indication', /indication|complaint|reason|clinical (?:history|information)/i],
  ['plan, counselling', /plan|recommend|instruction|counsel|treatment|disposition/i],
  ['history, course', /history|course|hpi|subjective|interval/i],
  [
    'findings, examination, systems',
    /finding|exam|systems|auscultation|constitutional|general|skin|neck|eyes|heent|hent|lungs?|chest|heart|abdomen|gi\b|gu\b|cv\b|msk|musculo|cardio|respir|pulmon|gastro|genito|neuro|psych|extremit|breast|objective/i,
  ],
];

/** What kind of section a sentence opens, by the heading it begins with. */
export function sectionKind(text: string): string {
  const heading = HEADING.exec(text)?.[1];
  if (heading === undefined) return 'no heading';
  return KINDS.find(([, words]) => words.test(heading))?.[0] ?? 'another heading';
}
