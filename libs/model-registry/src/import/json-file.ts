import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ImportError } from './import-error.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A JSON file that holds an object; null when it is not there. @throws ImportError */
export async function readJsonFile(path: string): Promise<JsonObject | null> {
  const value = await readAnyJson(path);
  if (value === undefined) return null;
  const object = asObject(value);
  if (object === null) throw new ImportError(`${basename(path)} must hold an object`);
  return object;
}

/** What a JSON file holds, whatever it is; undefined when it is not there. @throws ImportError */
export async function readAnyJson(path: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ImportError(`${basename(path)} cannot be read: ${(error as Error).message}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ImportError(`${basename(path)} is not JSON: ${(error as Error).message}`);
  }
}

export function asObject(value: unknown): JsonObject | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  return value as JsonObject;
}

export function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}
