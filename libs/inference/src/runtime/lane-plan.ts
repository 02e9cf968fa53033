import type { ModelManifest, ProviderName } from '@app/model-registry';
import type { HostResources } from './host-resources.js';

const MIB = 1024 * 1024;
/** A lane before it holds any model: Node and onnxruntime. */
const EMPTY_LANE_BYTES = 80 * MIB;
/** Working memory of batches of a few hundred tokens. */
const ARENA_BYTES = 64 * MIB;
/** What models read from a file take, against the file's size; some layers are repacked. */
const MODEL_FACTOR = 1.5;
/** Of the machine's memory; the rest is for the HTTP process, the database and the system. */
const MEMORY_SHARE = 0.6;

export interface LaneDemand {
  /** The operator's choice, which is taken as it is; null for none. */
  readonly lanes: number | null;
  readonly threads: number;
  /** The models every lane will hold. */
  readonly manifests: readonly ModelManifest[];
  /** The execution providers that work here. */
  readonly providers: readonly ProviderName[];
}

export interface LanePlan {
  readonly lanes: number;
  /** What decided the number. */
  readonly because: 'operator' | 'threads' | 'accelerator' | 'memory' | 'cores';
  /** What one lane can be expected to hold in memory. */
  readonly bytesEach: number;
}

/**
 * How many lanes this host is good for: one for the whole of an accelerator;
 * on a CPU one a core it may use, as far as memory goes, or a single one with
 * several threads.
 */
export function planLanes(host: HostResources, demand: LaneDemand): LanePlan {
  const bytesEach = laneBytes(demand.manifests);
  const { lanes, threads } = demand;
  if (lanes !== null) return { lanes, because: 'operator', bytesEach };
  if (threads > 1) return { lanes: 1, because: 'threads', bytesEach };
  if (prefersAccelerator(demand.manifests, demand.providers)) {
    return { lanes: 1, because: 'accelerator', bytesEach };
  }
  const cores = Math.max(1, Math.floor(Math.min(host.cores, host.cpuQuota ?? Infinity)));
  const fitting = Math.max(1, Math.floor((host.memoryBytes * MEMORY_SHARE) / bytesEach));
  return fitting < cores
    ? { lanes: fitting, because: 'memory', bytesEach }
    : { lanes: cores, because: 'cores', bytesEach };
}

function prefersAccelerator(
  manifests: readonly ModelManifest[],
  available: readonly ProviderName[],
): boolean {
  return manifests.some(({ providers }) => {
    const first = providers.find((provider) => available.includes(provider));
    return first !== undefined && first !== 'cpu';
  });
}

function laneBytes(manifests: readonly ModelManifest[]): number {
  const graphs = manifests.map(
    ({ files, model }) => files.find(({ path }) => path === model)?.bytes ?? 0,
  );
  const models = graphs.reduce((sum, bytes) => sum + bytes, 0);
  return EMPTY_LANE_BYTES + ARENA_BYTES + models * MODEL_FACTOR;
}
