import { planLanes, type HostResources, type LaneDemand, type LanePlan } from '@app/inference';
import type { Finding } from './finding.js';

const MIB = 1024 ** 2;

/** How many lanes the service would start, and what decides it. */
export function checkLanes(host: HostResources, demand: LaneDemand): Finding {
  const { lanes, because, bytesEach } = planLanes(host, demand);
  const reasons: Record<LanePlan['because'], string> = {
    operator: `${lanes}, as LANES says`,
    threads: `1 of ${demand.threads} threads (LANE_THREADS)`,
    accelerator: '1, for the whole of the accelerator',
    memory: `${lanes}, as memory allows no more`,
    cores: `${lanes}, one for each core it may use`,
  };
  return {
    state: because === 'memory' ? 'note' : 'ok',
    subject: 'lanes',
    text: `${reasons[because]}; about ${Math.ceil(bytesEach / MIB)} MiB each`,
  };
}
