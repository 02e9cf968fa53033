import { SeededRandom } from '../../libs/inference/src/testing/seeded-random.js';
import type { JobsClient } from './jobs-client.js';

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

/** As many texts as this machine, as busy as it is now, predicts in so many seconds; at least 300. */
export async function textsForSeconds(
  client: JobsClient,
  seconds: number,
  seed: number,
): Promise<string[]> {
  const filler = 3;
  const started = performance.now();
  await client.predict(clinicalTexts(200, seed + 1, filler));
  const perSecond = 200_000 / (performance.now() - started);
  const count = Math.min(Math.max(Math.round(perSecond * seconds), 300), 9_000);
  return clinicalTexts(count, seed, filler);
}

/** How many filler sentences make this machine, as busy as it is now, predict so many texts a second. */
export async function fillerForRate(client: JobsClient, perSecond: number): Promise<number> {
  for (const filler of [1, 5, 10, 15, 20, 25]) {
    const started = performance.now();
    await client.predict(clinicalTexts(100, filler, filler));
    if (100_000 / (performance.now() - started) < perSecond) return filler;
  }
  return 30;
}
