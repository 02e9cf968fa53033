import { readdir, stat } from 'node:fs/promises';
import { isAbsolute, join, normalize, sep } from 'node:path';
import { ImportError } from './import-error.js';

/** Where exporters put graphs, in the order in which they are looked at. */
const FOLDERS = ['', 'onnx'];
const USUAL_NAME = 'model.onnx';

/**
 * The ONNX file to import, relative to the folder, with forward slashes.
 * @param chosen the caller's choice, which must lie in the folder
 * @throws ImportError when there is none, or several and none has the usual name
 */
export async function findGraph(folder: string, chosen?: string): Promise<string> {
  const found = await graphsIn(folder);
  if (chosen !== undefined) {
    const path = inFolder(chosen, '--onnx');
    const isFile = (await stat(join(folder, path)).catch(() => null))?.isFile() === true;
    if (isFile) return path;
    throw new ImportError(`--onnx names ${chosen}, which is not there; ${listed(found)}`);
  }
  const usual = found.find((path) => path.split('/').at(-1) === USUAL_NAME);
  const [first, ...more] = found;
  if (first === undefined) {
    throw new ImportError(
      `${folder} has no .onnx file, nor has its folder onnx/: export the model to ONNX first, ` +
        'with Optimum for example: optimum-cli export onnx --model FOLDER OUT',
    );
  }
  if (usual !== undefined) return usual;
  if (more.length === 0) return first;
  throw new ImportError(`several ONNX files: choose one with --onnx; ${listed(found)}`);
}

/**
 * A path that stays below its folder, with forward slashes.
 * @throws ImportError
 */
export function inFolder(path: string, who: string): string {
  const normal = normalize(path).split(sep).join('/');
  if (isAbsolute(path) || normal.split('/').includes('..')) {
    throw new ImportError(`${who} names ${path}, which lies outside the model's folder`);
  }
  return normal;
}

async function graphsIn(folder: string): Promise<string[]> {
  const lists = await Promise.all(
    FOLDERS.map(async (below) => {
      const names = await readdir(join(folder, below)).catch(() => []);
      return names
        .filter((name) => name.endsWith('.onnx'))
        .sort()
        .map((name) => (below === '' ? name : `${below}/${name}`));
    }),
  );
  return lists.flat();
}

function listed(found: readonly string[]): string {
  return `there are: ${found.join(', ') || 'none'}`;
}
