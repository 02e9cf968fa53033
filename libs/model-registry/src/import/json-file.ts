import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ImportError } from './import-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON file that holds an object; null when it is not there. @throws ImportError */
export async function readJsonFile(path: string): Promise<JsonObject | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new ImportError(`${basename(path)} cannot be read: ${(error as Error).message}`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ImportError(`${basename(path)} is not JSON: ${(error as Error).message}`);
  }
  const object = asObject(value);
  if (object === null) throw new ImportError(`${basename(path)} must hold an object`);
  return object;
}

export function asObject(value: unknown): JsonObject | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as JsonObject;
}

export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
