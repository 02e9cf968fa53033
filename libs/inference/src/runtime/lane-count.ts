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
  /** Sizes of the ONNX files every lane will hold. */
  readonly modelBytes: readonly number[];
  /** The operator's choice, which is taken as it is. */
  readonly override?: number;
}

/** How many one-thread lanes a CPU host is good for: one a core it may use, as far as memory goes. */
export function laneCount(host: HostResources, demand: LaneDemand): number {
  if (demand.override !== undefined) return demand.override;
  const cores = Math.floor(Math.min(host.cores, host.cpuQuota ?? Infinity));
  const fitting = Math.floor((host.memoryBytes * MEMORY_SHARE) / laneBytes(demand.modelBytes));
  return Math.max(1, Math.min(cores, fitting));
}

/** What one lane can be expected to hold in memory. */
export function laneBytes(modelBytes: readonly number[]): number {
  const models = modelBytes.reduce((sum, bytes) => sum + bytes, 0);
  return EMPTY_LANE_BYTES + ARENA_BYTES + models * MODEL_FACTOR;
}
