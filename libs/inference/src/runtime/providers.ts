import type { ProviderName } from '@app/model-registry';
import { LaneConnection } from './lane-connection.js';
import { laneOptions, type LaneRuntimeOptions } from './lane-options.js';

/** In the order of preference for a model that may use any. */
const ALL_PROVIDERS: readonly ProviderName[] = ['cuda', 'webgpu', 'cpu'];

export interface ProviderProbe {
  readonly provider: ProviderName;
  readonly available: boolean;
  /** What was seen to work, or why it does not and what it needs. */
  readonly reason: string;
}

/**
 * Tries every execution provider for real, each in a process of its own: a
 * driver that crashes takes only that one with it.
 */
export function probeProviders(
  options: Partial<LaneRuntimeOptions> = {},
): Promise<ProviderProbe[]> {
  const settings = laneOptions(options);
  return Promise.all(ALL_PROVIDERS.map((provider) => probe(provider, settings)));
}

async function probe(provider: ProviderName, options: LaneRuntimeOptions): Promise<ProviderProbe> {
  const connection = new LaneConnection(0, options);
  try {
    await connection.started;
    const reply = await connection.request(
      {
        type: 'probe',
        provider,
        settings: { threads: options.threads, cudaDevice: options.cudaDevice },
      },
      options.loadLimitMs,
    );
    if (reply.type === 'probed') {
      return { provider, available: reply.available, reason: reply.reason };
    }
    return { provider, available: false, reason: `unexpected answer ${reply.type}` };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { provider, available: false, reason };
  } finally {
    await connection.close();
  }
}
