import type { HostResources } from '@app/inference';
import type { Finding } from './finding.js';

const MINIMUM_NODE = [20, 19] as const;
const GIB = 1024 ** 3;

/** @param version as in `process.versions.node` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor, leastMinor] = MINIMUM_NODE;
  const enough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
  const least = MINIMUM_NODE.join('.');
  return enough
    ? { state: 'ok', subject: 'node', text: version }
    : { state: 'fail', subject: 'node', text: `${version} is too old: install ${least} or newer` };
}

export function checkMachine(platform: string, host: HostResources): Finding {
  const quota =
    host.cpuQuota === null ? 'no CPU quota' : `a CPU quota of ${round(host.cpuQuota)} cores`;
  const memory = `${round(host.memoryBytes / GIB)} GiB of memory`;
  return {
    state: 'ok',
    subject: 'machine',
    text: `${platform}, ${host.cores} core(s), ${quota}, ${memory}`,
  };
}

function round(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}
