import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EmbeddingOptions } from '../manifest.js';
import { ImportError } from './import-error.js';
import { readJsonFile } from './json-file.js';

const POOLING_FILE = '1_Pooling/config.json';

/**
 * How a Sentence Transformers folder makes one vector of many; without its files,
 * the mean over the tokens, at length 1, as nearly all such models do.
 * @throws ImportError when the model pools in another way
 */
export async function poolingOf(folder: string): Promise<EmbeddingOptions> {
  const pooling = await readJsonFile(join(folder, POOLING_FILE));
  const modules = await readFile(join(folder, 'modules.json'), 'utf8').catch(() => null);
  const normalize = modules === null || modules.includes('.Normalize');
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
