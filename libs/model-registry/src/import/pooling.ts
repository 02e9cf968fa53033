import { join } from 'node:path';
import type { EmbeddingOptions } from '../manifest.js';
import { ImportError } from './import-error.js';
import { asObject, readAnyJson, readJsonFile } from './json-file.js';

const POOLING_FILE = '1_Pooling/config.json';
const MODULES_FILE = 'modules.json';
const SERVED_STEPS = ['Transformer', 'Pooling', 'Normalize'];

/**
 * How a Sentence Transformers folder makes one vector of many; without its files,
 * the mean over the tokens, at length 1, as nearly all such models do.
 * @throws ImportError when the model pools in another way
 */
export async function poolingOf(folder: string): Promise<EmbeddingOptions> {
  const pooling = await readJsonFile(join(folder, POOLING_FILE));
  const steps = await stepsOf(folder);
  const normalize = steps === null || steps.includes('Normalize');
  if (pooling === null) return { pooling: 'mean', normalize };
  const modes = Object.keys(pooling).filter(
    (key) => key.startsWith('pooling_mode_') && pooling[key] === true,
  );
  if (modes.length === 1 && modes[0] === 'pooling_mode_mean_tokens') {
    return { pooling: 'mean', normalize };
  }
  if (modes.length === 1 && modes[0] === 'pooling_mode_cls_token') {
    return { pooling: 'cls', normalize };
  }
  throw new ImportError(
    `${POOLING_FILE}: ${modes.join(', ') || 'no mode'} is not served; mean_tokens and cls_token are`,
  );
}

/**
 * What the model does one after the other; null where its folder does not say.
 * @throws ImportError naming a step that only Sentence Transformers can take: without it, the
 * vectors would be other ones
 */
async function stepsOf(folder: string): Promise<string[] | null> {
  const modules = await readAnyJson(join(folder, MODULES_FILE));
  if (modules === undefined) return null;
  if (!Array.isArray(modules)) throw new ImportError(`${MODULES_FILE} must hold a list`);
  return modules.map((module: unknown) => {
    const type = asObject(module)?.['type'];
    const name = typeof type === 'string' ? type.slice(type.lastIndexOf('.') + 1) : '';
    if (SERVED_STEPS.includes(name)) return name;
    throw new ImportError(
      `${MODULES_FILE}: ${typeof type === 'string' ? type : 'a module without type'} is not served; ` +
        'Transformer, Pooling and Normalize are',
    );
  });
}
