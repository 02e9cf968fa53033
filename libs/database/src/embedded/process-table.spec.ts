import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isAlive, processesIn } from './process-table.js';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('the process table', () => {
  onLinux('tells who works in a folder, for as long as they live', async () => {
    const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'inside-')));
    const child = spawn('sleep', ['60'], { cwd: folder });
    await once(child, 'spawn');
    expect(await processesIn(folder)).toEqual([child.pid]);
    expect(await isAlive(child.pid!)).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await processesIn(folder)).toEqual([]);
    expect(await isAlive(child.pid!)).toBe(false);
    await rm(folder, { recursive: true });
  });

  onLinux('counts a process as dead that only waits for its parent to notice', async () => {
    // The shell turns into a program that never asks after its child.
    const shell = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60']);
    const [output] = (await once(shell.stdout, 'data')) as [Buffer];
    const zombie = Number(output.toString());
    while (await isAlive(zombie)) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(process.kill(zombie, 0)).toBe(true);
    shell.kill('SIGKILL');
    await once(shell, 'exit');
  });
});
