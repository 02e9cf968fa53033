import { mkdtemp, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SetupError } from '@app/common';
import { findVersionFolders } from '@app/model-registry';
import { DONE, type ExitCode, type Output } from './console.js';
import { liesIn, type Places } from './places.js';

export interface RemoveRequest {
  readonly name: string;
  /** Left out: every version. */
  readonly version?: string;
  readonly root?: string;
}

/** @throws SetupError when there is no such model, or it is a bundled one */
export async function removeVersions(
  { name, version, root }: RemoveRequest,
  places: Places,
  output: Output,
): Promise<ExitCode> {
  const place = resolve(root ?? places.own);
  const key = version === undefined ? name : `${name}@${version}`;
  const isMeant = (folder: string): boolean =>
    basename(dirname(folder)) === name && (version === undefined || basename(folder) === version);
  const meant = (await findVersionFolders(place)).filter(isMeant);
  if (liesIn(place, places.bundled) || meant.length === 0) {
    const bundled = (await findVersionFolders(places.bundled)).some(isMeant);
    throw new SetupError(
      bundled
        ? `${key} ships with the service and is not removed: say in MODELS which models to serve`
        : `${key} is not in ${place}: npm run models -- list shows what there is`,
    );
  }
  for (const folder of meant) {
    await erase(folder, place);
    output.print(`Removed ${folder}`);
  }
  output.print('A running service keeps what it has loaded until it is restarted.');
  return DONE;
}

/** Renamed first, so that no reader finds half a model. */
async function erase(folder: string, root: string): Promise<void> {
  const aside = await mkdtemp(join(root, '.remove-'));
  await rename(folder, join(aside, 'old'));
  await rm(aside, { recursive: true });
  const model = dirname(folder);
  if ((await readdir(model)).length === 0) await rmdir(model);
}
