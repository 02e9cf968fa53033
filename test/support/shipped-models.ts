import { readdirSync } from 'node:fs';

/** The version of a bundled model, of which the repository holds one. */
export function shippedVersion(model: string): string {
  const [version, ...others] = readdirSync(new URL(`../../models/${model}`, import.meta.url));
  if (version === undefined || others.length > 0) {
    throw new Error(`models/${model} should hold one version`);
  }
  return version;
}
