import type { InferenceConfig } from '@app/config';
import { laneBytes, laneCount, type HostResources } from '@app/inference';
import type { ModelManifest } from '@app/model-registry';
import type { Finding } from './finding.js';

const MIB = 1024 ** 2;

/** How many lanes the service would start, and what decides it. */
export function checkLanes(
  { lanes, laneThreads }: Pick<InferenceConfig, 'lanes' | 'laneThreads'>,
  host: HostResources,
  manifests: readonly ModelManifest[],
): Finding {
  const subject = 'lanes';
  const modelBytes = manifests
    .flatMap(({ files, model }) => files.filter(({ path }) => path === model))
    .map(({ bytes }) => bytes);
  const each = Math.ceil(laneBytes(modelBytes) / MIB);
  const size = `about ${each} MiB each`;
  if (lanes !== null) {
    return { state: 'ok', subject, text: `${lanes}, as LANES says; ${size}` };
  }
  if (laneThreads > 1) {
    return { state: 'ok', subject, text: `1 of ${laneThreads} threads (LANE_THREADS); ${size}` };
  }
  const count = laneCount(host, { modelBytes });
  const forMemory = laneCount({ ...host, cores: Infinity, cpuQuota: null }, { modelBytes });
  const cores = Math.max(1, Math.floor(Math.min(host.cores, host.cpuQuota ?? Infinity)));
  return forMemory < cores
    ? { state: 'note', subject, text: `${count}, as memory allows no more; ${size}` }
    : { state: 'ok', subject, text: `${count}, one for each core it may use; ${size}` };
}
