import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { npmCommand } from './npm.mjs';
import { phase } from './phase.mjs';

const MARKER = 'node_modules/.clinserve-lock';

/** Brings node_modules to what package-lock.json says; does nothing when it is so already. */
export async function install(root) {
  const needed = async () => !(await isInstalled(root));
  if (!(await needed())) return;
  await withLock(path.join(root, '.bootstrap.lock'), needed, async () => {
    const npm = npmCommand();
    // The build needs the compiler, whatever NODE_ENV says.
    const args = [...npm.args, 'ci', '--include=dev', '--no-audit', '--no-fund'];
    await phase('Installing packages', npm.file, args, { cwd: root, shell: npm.shell });
    await writeFile(path.join(root, MARKER), await wanted(root));
  });
}

async function isInstalled(root) {
  const marker = path.join(root, MARKER);
  const now = await wanted(root);
  const found = await readFile(marker, 'utf8').catch(() => null);
  if (found === now) return true;
  // After `npm install` the tree is right although we did not make it.
  const sameMachine = found === null || platformOf(found) === platformOf(now);
  if (!sameMachine || !(await matchesLock(root))) return false;
  await writeFile(marker, now);
  return true;
}

async function wanted(root) {
  const lock = await readFile(path.join(root, 'package-lock.json'));
  const digest = createHash('sha256').update(lock).digest('hex');
  const node = process.versions.node.split('.')[0];
  return `${digest} node${node}-${process.platform}-${process.arch}\n`;
}

function platformOf(marker) {
  return marker.trim().split(' ')[1];
}

/** Whether npm's own record of node_modules names every package of package-lock.json. */
async function matchesLock(root) {
  const recordFile = path.join(root, 'node_modules/.package-lock.json');
  if (!existsSync(recordFile)) return false;
  const lock = JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')).packages;
  const record = JSON.parse(await readFile(recordFile, 'utf8')).packages;
  return Object.entries(lock).every(([where, entry]) => {
    if (where === '') return true;
    const there = record[where];
    if (there === undefined) return entry.optional === true;
    return there.version === entry.version && there.integrity === entry.integrity;
  });
}
