import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A file of the repository that follows, in whole or in part, from the code. */
export interface GeneratedFile {
  /** Relative to the repository's root. */
  readonly path: string;
  /** What of the file is made, in words. */
  readonly what: string;
  /** The whole text the file should have. */
  render(current: string): string | Promise<string>;
}

/**
 * Writes the file unless `check` is set.
 * @returns whether it was up to date
 */
export async function bringUpToDate(
  root: string,
  file: GeneratedFile,
  check: boolean,
): Promise<boolean> {
  const where = path.join(root, file.path);
  const current = await readFile(where, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  });
  const wanted = await file.render(current);
  if (wanted === current) return true;
  if (!check) await writeFile(where, wanted);
  return false;
}

/**
 * The text with what stands between `<!-- name:begin -->` and `<!-- name:end -->` replaced.
 * @throws Error when a marker is missing
 */
export function replaceBetweenMarkers(text: string, name: string, replacement: string): string {
  const begin = `<!-- ${name}:begin -->`;
  const end = `<!-- ${name}:end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers ${begin} and ${end} are missing`);
  return `${text.slice(0, from + begin.length)}\n\n${replacement}\n\n${text.slice(to)}`;
}
