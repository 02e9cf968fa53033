import { fileURLToPath } from 'node:url';

export interface LaneRuntimeOptions {
  /** Processes, each computing one batch at a time. See `planLanes`. */
  readonly lanes: number;
  /**
   * Threads inside one operator. On CPU several lanes of one thread beat one
   * lane of several; more than 1 is for a single lane.
   */
  readonly threads: number;
  /** Which CUDA device, where that provider is used. */
  readonly cudaDevice: number;
  /** A lane that holds more resident memory is ended; null for no limit. Watched on Linux only. */
  readonly maxMemoryBytes: number | null;
  /** The least time a batch may take before its lane counts as hung, milliseconds. */
  readonly minRunLimitMs: number;
  /** The same for a model's first batch in a lane, for which there is no estimate yet. */
  readonly firstRunLimitMs: number;
  /** How long a process may take until it answers, milliseconds. */
  readonly startLimitMs: number;
  /** How long opening a model may take, milliseconds. */
  readonly loadLimitMs: number;
  /** How often run time and memory of a lane are compared with their limits, milliseconds. */
  readonly checkIntervalMs: number;
  /** All a lane sees of the environment: paths of device drivers, never the service's secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** The compiled program of a lane. */
  readonly entry: string;
  /** Told why a lane ended each time one did; must not throw. */
  readonly onLaneExit: (exit: LaneExit) => void;
}

export interface LaneExit {
  readonly laneId: number;
  readonly reason: string;
  readonly restartInMs: number;
}

export const DEFAULT_LANE_OPTIONS: LaneRuntimeOptions = {
  lanes: 1,
  threads: 1,
  cudaDevice: 0,
  maxMemoryBytes: null,
  minRunLimitMs: 2_000,
  firstRunLimitMs: 10_000,
  startLimitMs: 30_000,
  loadLimitMs: 120_000,
  checkIntervalMs: 1_000,
  environment: {},
  entry: fileURLToPath(new URL('./lane-process.js', import.meta.url)),
  onLaneExit: () => undefined,
};

/** @throws RangeError for counts that are not whole numbers from 1 */
export function laneOptions(given: Partial<LaneRuntimeOptions>): LaneRuntimeOptions {
  const options = { ...DEFAULT_LANE_OPTIONS, ...given };
  for (const name of ['lanes', 'threads'] as const) {
    if (!Number.isInteger(options[name]) || options[name] < 1) {
      throw new RangeError(`${name} is ${options[name]}: give a whole number from 1`);
    }
  }
  return options;
}
