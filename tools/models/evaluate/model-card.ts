import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '@app/common';
import { describeFile, MANIFEST_FILE, type CatalogEntry } from '@app/model-registry';

export const CARD_FILE = 'MODEL_CARD.md';
const BEGIN = '<!-- evaluation:begin -->';
const END = '<!-- evaluation:end -->';

/**
 * Puts an evaluation into a model's card, in place of the last one, and the card's new
 * checksum into its manifest.
 * @throws SetupError when there is no card, or no place in it
 */
export async function writeToCard({ folder, manifest }: CatalogEntry, text: string): Promise<void> {
  const path = join(folder, CARD_FILE);
  const card = await readFile(path, 'utf8').catch(() => {
    throw new SetupError(`${path} cannot be read: write the card first`);
  });
  const updated = withEvaluation(card, text);
  if (updated === null) {
    throw new SetupError(
      `${path} has no place for the evaluation: put the lines ${BEGIN} and ${END} where it belongs`,
    );
  }
  await replaceFile(path, updated);
  if (!manifest.files.some((file) => file.path === CARD_FILE)) return;
  const entry = await describeFile(folder, CARD_FILE);
  const files = manifest.files.map((file) => (file.path === CARD_FILE ? entry : file));
  const written = `${JSON.stringify({ ...manifest, files }, null, 2)}\n`;
  await replaceFile(join(folder, MANIFEST_FILE), written);
}

/** The card with `text` between its two marks; null when it lacks them. */
export function withEvaluation(card: string, text: string): string | null {
  const begin = card.indexOf(BEGIN);
  const end = card.indexOf(END, begin);
  if (begin === -1 || end === -1) return null;
  return `${card.slice(0, begin + BEGIN.length)}\n${text.trim()}\n${card.slice(end)}`;
}

/** Aside first, so that nobody reads half a file. */
async function replaceFile(path: string, text: string): Promise<void> {
  const aside = `${path}.${process.pid}`;
  await writeFile(aside, text);
  await rename(aside, path);
}
