import { SeededRandom } from '../../libs/inference/src/testing/seeded-random.js';

const FINDINGS = ['chest pain', 'fever', 'cough', 'edema', 'pneumonia', 'nausea', 'rash', 'asthma'];
const FRAMES = [
  'The patient denies any FINDING.',
  'She reports FINDING since last week.',
  'Possible FINDING on admission.',
  'No FINDING was seen.',
  'His mother had FINDING.',
  'Return if you develop FINDING.',
  'History of FINDING.',
];
const FILLER = 'The patient was seen in the clinic and examined. ';

/** Sentences that differ in their answers, in an order that a seed settles. @param filler sentences before each */
export function clinicalTexts(count: number, seed: number, filler = 0): string[] {
  const random = new SeededRandom(seed, 'clinical texts');
  const one = <T>(list: readonly T[]) => list[Math.floor(random.next() * list.length)] as T;
  return Array.from({ length: count }, () => {
    const frame = one(FRAMES).replace('FINDING', one(FINDINGS));
    return FILLER.repeat(filler) + frame;
  });
}
