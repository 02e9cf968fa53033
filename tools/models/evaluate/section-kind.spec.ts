import { sectionKind } from './section-kind.js';

describe('sectionKind', () => {
  it.each([
    ['FAMILY HISTORY: Asthma.', 'family history'],
    ['Postoperative Diagnoses: Hernia.', 'diagnosis, impression'],
    ['INDICATIONS FOR PROCEDURE: Chest pain.', 'reason, indication'],
    ['PAST MEDICAL HISTORY: Asthma.', 'history, course'],
    ['GI: No nausea.', 'findings, examination, systems'],
    ['COMMENT: Stable.', 'another heading'],
    ['She denies fever.', 'no heading'],
  ])('%s → %s', (text, kind) => expect(sectionKind(text)).toBe(kind));
});
