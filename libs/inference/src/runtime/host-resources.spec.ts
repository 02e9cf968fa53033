import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { hostResources } from './host-resources.js';

describe('hostResources', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'host-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  function put(files: Record<string, string>): void {
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
  }

  it('takes the tightest limit of the control group and those above it', () => {
    put({
      'proc/self/cgroup': '0::/pods/one\n',
      'sys/fs/cgroup/pods/cpu.max': '150000 100000\n',
      'sys/fs/cgroup/pods/memory.max': '1048576\n',
      'sys/fs/cgroup/pods/one/cpu.max': 'max 100000\n',
      'sys/fs/cgroup/pods/one/memory.max': '2097152\n',
    });
    expect(hostResources(root)).toMatchObject({ cpuQuota: 1.5, memoryBytes: 1_048_576 });
  });

  it('reads control groups of version 1, where -1 and a huge number mean no limit', () => {
    put({
      'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '50000\n',
      'sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    });
    expect(hostResources(root)).toMatchObject({ cpuQuota: 0.5, memoryBytes: totalmem() });
    put({ 'sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n' });
    expect(hostResources(root).cpuQuota).toBeNull();
  });

  it('is what the machine has where there are no control groups', () => {
    expect(hostResources(root)).toEqual({
      cores: availableParallelism(),
      cpuQuota: null,
      memoryBytes: totalmem(),
    });
  });
});
