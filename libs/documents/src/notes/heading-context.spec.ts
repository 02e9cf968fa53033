import { headingContext } from './heading-context.js';

const sections = (title: string | null) => [{ title, start: 10, end: 90 }];
const sentence = (start: number) => ({ start, end: start + 10, section: 0 });

describe('headingContext', () => {
  it.each([
    'FAMILY HISTORY',
    'Family/Social History',
    'FHx',
    'DIFFERENTIAL DIAGNOSIS',
    'Return precautions',
    'PERTINENT NEGATIVES',
    'Risks',
  ])('repeats %s before the later sentences of its section', (title) => {
    expect(headingContext(sentence(40), sections(title))).toBe(`${title}: `);
    expect(headingContext(sentence(10), sections(title))).toBe('');
  });

  it.each(['PAST MEDICAL HISTORY', 'ASSESSMENT', 'PLAN', 'Lungs', null])(
    'lets the sentences under %s stand alone',
    (title) => expect(headingContext(sentence(40), sections(title))).toBe(''),
  );
});
