import { createHash } from 'node:crypto';
import { cp, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { phase } from './phase.mjs';

const SOURCE_FOLDERS = ['apps', 'libs', 'tools'];
const SOURCE_FILES = [
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
  'tsconfig.release.json',
];
const STAMP = '.build-stamp';
/** Where tsconfig.release.json puts the build. */
const NEXT = 'dist.next';

/**
 * Compiles when the sources are not those `dist` was made of. The build is made
 * aside and renamed, stamp included, so `dist` is always one whole build.
 */
export async function build(root) {
  const dist = path.join(root, 'dist');
  const next = path.join(root, NEXT);
  const old = path.join(root, 'dist.old');
  const needed = async () => {
    const stamp = await readFile(path.join(dist, STAMP), 'utf8').catch(() => null);
    return stamp === null || stamp !== (await digestSources(root));
  };
  if (!(await needed())) return;

  await withLock(path.join(root, '.bootstrap.lock'), needed, async () => {
    const digest = await digestSources(root);
    await rm(next, { recursive: true, force: true });
    const nest = path.join(root, 'node_modules/@nestjs/cli/bin/nest.js');
    const args = [nest, 'build', '--path', 'tsconfig.release.json'];
    await phase('Building', process.execPath, args, { cwd: root });
    // A page served to browsers, from a package that need not be installed to run.
    await cp(
      path.join(root, 'node_modules/redoc/bundles/redoc.standalone.js'),
      path.join(next, 'apps/api/src/http/openapi/redoc.standalone.js'),
    );
    await writeFile(path.join(next, STAMP), digest);
    await rm(old, { recursive: true, force: true });
    await rename(dist, old).catch(ignoreMissing);
    await rename(next, dist);
    await rm(old, { recursive: true, force: true });
  });
}

async function digestSources(root) {
  const hash = createHash('sha256');
  for (const file of await sourceFiles(root)) {
    hash.update(`${file}\0`);
    hash.update((await readFile(path.join(root, file)).catch(ignoreMissing)) ?? '');
  }
  return hash.digest('hex');
}

async function sourceFiles(root) {
  const files = [...SOURCE_FILES];
  for (const folder of SOURCE_FOLDERS) {
    const entries = await readdir(path.join(root, folder), { recursive: true }).catch(
      ignoreMissing,
    );
    for (const entry of entries ?? []) {
      const compiled = /\.(ts|json)$/.test(entry) && !entry.endsWith('.spec.ts');
      if (compiled) files.push(`${folder}/${entry.split(path.sep).join('/')}`);
    }
  }
  return files.sort();
}

function ignoreMissing(error) {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
