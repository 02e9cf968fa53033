import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { commandLine } from './command-line.js';

/** Stands in for the server: says which signal it got, and ends soon in any case. */
const SERVER = `
for (const signal of ['SIGINT', 'SIGQUIT']) {
  process.on(signal, () => { console.log(signal); process.exitCode = 7; clearTimeout(end); });
}
const end = setTimeout(() => undefined, 20_000);
console.log('ready');
`;

const posix = process.platform === 'win32' ? describe.skip : describe;

posix('the guard', () => {
  async function guarded(): Promise<{ child: ChildProcess; next: () => Promise<string> }> {
    const line = commandLine(null, [process.execPath, '-e', SERVER], 'guard');
    expect(line.guarded).toBe(true);
    const child = spawn(line.file, line.args, { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
    const next = async () => String((await once(child.stdout!, 'data'))[0]).trim();
    expect(await next()).toBe('ready');
    return { child, next };
  }

  it('passes on an order to end, and the server’s exit status', async () => {
    const { child, next } = await guarded();
    child.kill('SIGQUIT');
    expect(await next()).toBe('SIGQUIT');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('tells the server to end when the pipe closes, whatever became of its other end', async () => {
    const { child, next } = await guarded();
    (child.stdio[3] as Writable).destroy();
    expect(await next()).toBe('SIGINT');
    expect(await once(child, 'exit')).toEqual([7, null]);
  });

  it('is gone when the server has ended by itself', async () => {
    const line = commandLine(null, ['/bin/sh', '-c', 'exit 3'], 'guard');
    const child = spawn(line.file, line.args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
    expect(await once(child, 'exit')).toEqual([3, null]);
    (child.stdio[3] as Writable).destroy();
  });
});
