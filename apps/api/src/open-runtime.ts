import type { AppConfig } from '@app/config';
import { hostResources, laneCount, LaneRuntime, probeProviders } from '@app/inference';
import type { ModelRegistry } from '@app/model-registry';
import type { Logger } from '@app/observability';

/** Of the machine's memory, what all lanes together may hold before one is ended. */
const LANES_MEMORY_SHARE = 0.8;

/** The lanes for this machine and these models; not started yet. */
export async function openRuntime(
  config: AppConfig,
  registry: ModelRegistry,
  logger: Logger,
): Promise<LaneRuntime> {
  const { laneThreads: threads, laneEnvironment: environment } = config.inference;
  const host = hostResources();
  const lanes = config.inference.lanes ?? (await defaultLanes(config, registry));
  return new LaneRuntime({
    lanes,
    threads,
    environment,
    maxMemoryBytes: (host.memoryBytes * LANES_MEMORY_SHARE) / lanes,
    onLaneExit: (exit) => logger.warn({ ...exit }, 'a lane ended and is started again'),
  });
}

/** On a CPU one a core; one with several threads, or one for the whole of an accelerator. */
async function defaultLanes(config: AppConfig, registry: ModelRegistry): Promise<number> {
  const { laneThreads, laneEnvironment: environment } = config.inference;
  if (laneThreads > 1) return 1;
  const manifests = registry.servable().map((entry) => entry.manifest);
  if (manifests.some(({ providers }) => providers[0] !== 'cpu')) {
    const probes = await probeProviders({ environment });
    if (probes.some(({ provider, available }) => provider !== 'cpu' && available)) return 1;
  }
  const modelBytes = manifests.map(
    ({ files, model }) => files.find((file) => file.path === model)?.bytes ?? 0,
  );
  return laneCount(hostResources(), { modelBytes });
}
