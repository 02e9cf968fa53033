import type { NoteSection, NoteSentence } from './note-analysis.js';

/** Titles that say of everything under them whose it is, or that it is not stated as there. */
const DECISIVE =
  /\b(?:family|familial|FHx?|differential|DDx|rule[ -]?outs?|risks?|precautions?|warnings?|instructions?|negatives?|denies|prophylaxis|screening)\b/i;

/**
 * The heading that a sentence is to be read with. "2. Stroke." means one thing in a
 * history and another under FAMILY HISTORY; only the section's first sentence holds the heading itself.
 * @returns the text to put in front of the sentence; empty where it would say nothing
 */
export function headingContext(sentence: NoteSentence, sections: readonly NoteSection[]): string {
  const section = sections[sentence.section];
  if (!section?.title || sentence.start === section.start) return '';
  return DECISIVE.test(section.title) ? `${section.title}: ` : '';
}
