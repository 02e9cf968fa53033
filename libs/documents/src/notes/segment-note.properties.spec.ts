import fc from 'fast-check';
import { segmentNote } from './segment-note.js';

/** Bits of notes, so that what the rules look for turns up often, and next to anything. */
const BITS = [
  'PLAN:', 'HISTORY OF PRESENT ILLNESS: ,', 'ALLERGIES:', 'Neck:', 'Impression', '\n', '\r\n', '\n\n',
  ',', ', ', '.', '. ', '.  ', '? ', '?', '!', ':', ';', ' ', '   ', '\t', '1.', '2. ', '(3) ', '- ', '• ',
  'Dr. ', 'q.d.', 'b.i.d. ', 'M.D., ', 'mg. ', 'No. 2', '3.5', '120,000', '12/80', 'No fever', 'He denies',
  'chest pain', 'Possible pneumonia', 'x', 'Z', '😀', 'é', '漢字', '\ud800', '"', ')', '[entity]', '\u00a0',
]; // prettier-ignore

const notes = fc.oneof(
  fc.array(fc.constantFrom(...BITS), { maxLength: 60 }).map((bits) => bits.join('')),
  fc.string({ unit: 'binary', maxLength: 80 }),
);

const check = (property: (text: string) => Promise<void>): Promise<void> =>
  fc.assert(fc.asyncProperty(notes, property), { numRuns: 2_000, seed: 7 });

describe('any note', () => {
  it('is covered by its sentences but for white space and commas that stood for line breaks', async () => {
    await check(async (text) => {
      const { sentences, lines } = await segmentNote(text);
      expect(lines).toHaveLength(text.length);
      let at = 0;
      for (const { start, end } of sentences) {
        expect(start).toBeGreaterThanOrEqual(at);
        expect(end).toBeGreaterThan(start);
        expect(lines.slice(at, start).trim()).toBe('');
        expect(text.slice(start, end)).toMatch(/^\S[^]*$/);
        expect(lines.slice(start, end).trim()).toHaveLength(end - start);
        at = end;
      }
      expect(lines.slice(at).trim()).toBe('');
      expect(text.replace(/[,\s]/g, '')).toBe(lines.replace(/[,\s]/g, ''));
    });
  });

  it('has its sentences in its sections, in order', async () => {
    await check(async (text) => {
      const { sections, sentences } = await segmentNote(text);
      let last = -1;
      for (const { start, end, section } of sentences) {
        const home = sections[section]!;
        expect(home.start).toBeLessThanOrEqual(start);
        expect(home.end).toBeGreaterThanOrEqual(end);
        expect(section - last).toBeLessThanOrEqual(1);
        expect(section).toBeGreaterThanOrEqual(last);
        last = section;
      }
      expect(last).toBe(sections.length - 1);
      for (const { title, start } of sections) {
        if (title !== null) expect(text.slice(start, start + title.length)).toBe(title);
      }
    });
  });

  it('is never parted inside a number or a character', async () => {
    await check(async (text) => {
      for (const { start } of (await segmentNote(text)).sentences.slice(1)) {
        expect(text.slice(start - 1, start + 1)).not.toMatch(/\d\d|[\ud800-\udbff][\udc00-\udfff]/);
        expect(text.slice(start - 2, start + 1)).not.toMatch(/\d[.,]\d/);
      }
    });
  });
});
