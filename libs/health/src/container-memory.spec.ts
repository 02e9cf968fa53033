import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { containerMemoryInUse } from './container-memory.js';

describe('containerMemoryInUse', () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'cgroup-'))));
  afterEach(() => rmSync(root, { recursive: true }));

  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };

  it.each([
    ['sys/fs/cgroup/memory.current', 'inactive_file'],
    ['sys/fs/cgroup/system.slice/clinserve.service/memory.current', 'inactive_file'],
    ['sys/fs/cgroup/memory/memory.usage_in_bytes', 'total_inactive_file'],
  ])('leaves out files that are kept only while there is room: %s', (file, idleFiles) => {
    write('proc/self/cgroup', '1:memory:/\n0::/system.slice/clinserve.service\n');
    write(file, '1000\n');
    write(join(dirname(file), 'memory.stat'), `anon 500\n${idleFiles} 300\nslab 7\n`);
    expect(containerMemoryInUse(4_000, root)).toBe(700);
  });

  it('asks Node where the kernel says nothing', () => {
    const limit = 2 ** 50;
    const used = limit - process.availableMemory();
    expect(Math.abs(containerMemoryInUse(limit, root) - used)).toBeLessThan(2 ** 30);
    expect(containerMemoryInUse(0, root)).toBe(0);
  });
});
