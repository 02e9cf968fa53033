import type { AppConfig } from '@app/config';
import { hostResources, LaneRuntime, planLanes, probeProviders } from '@app/inference';
import type { ModelManifest, ModelRegistry, ProviderName } from '@app/model-registry';
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
  const manifests = registry.servable().map((entry) => entry.manifest);
  const { lanes } = planLanes(host, {
    lanes: config.inference.lanes,
    threads,
    manifests,
    providers: await usableProviders(manifests, environment),
  });
  return new LaneRuntime({
    lanes,
    threads,
    environment,
    maxMemoryBytes: (host.memoryBytes * LANES_MEMORY_SHARE) / lanes,
    onLaneExit: (exit) => logger.warn({ ...exit }, 'a lane ended and is started again'),
  });
}

/** Tried only when a model would take something other than the CPU: it takes a second. */
async function usableProviders(
  manifests: readonly ModelManifest[],
  environment: Readonly<Record<string, string>>,
): Promise<ProviderName[]> {
  if (manifests.every(({ providers }) => providers[0] === 'cpu')) return ['cpu'];
  const probes = await probeProviders({ environment });
  return probes.filter(({ available }) => available).map(({ provider }) => provider);
}
