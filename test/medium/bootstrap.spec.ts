import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { appendFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/**
 * A project of the same shape with nothing to install and a builder that takes
 * half a second, in a folder whose name holds a space.
 */
const BUILDER = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
appendFileSync('builds.log', 'build\\n');
const source = readFileSync('apps/api/src/main.ts', 'utf8');
mkdirSync('dist.next/apps/api/src', { recursive: true });
await new Promise((resolve) => setTimeout(resolve, 500));
if (source.includes('broken')) { console.log('main.ts: it is broken'); process.exit(2); }
writeFileSync('dist.next/apps/api/src/main.js', source);
`;
const SERVICE = `
const timer = setInterval(() => {}, 1000);
for (const signal of ['SIGTERM', 'SIGINT'])
  process.on(signal, () => { console.log('closed by ' + signal); clearInterval(timer); });
console.log('ready ' + process.argv.slice(2).join());
`;
const MAIN = 'apps/api/src/main.ts';

describe('bootstrap', () => {
  let base: string;
  let project: string;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    base = await mkdtemp(path.join(tmpdir(), 'bootstrap-'));
    project = path.join(base, 'a folder');
    await cp('tools/bootstrap', path.join(project, 'tools/bootstrap'), { recursive: true });
    await cp('tools/bootstrap.mjs', path.join(project, 'tools/bootstrap.mjs'));
    const lock = { name: 'x', version: '1.0.0', lockfileVersion: 3, packages: {} };
    await write('package.json', '{"name":"x","version":"1.0.0","type":"module"}');
    await write('package-lock.json', JSON.stringify(lock));
    await write('node_modules/.package-lock.json', JSON.stringify(lock));
    await write('node_modules/@nestjs/cli/package.json', '{"type":"module"}');
    await write('node_modules/@nestjs/cli/bin/nest.js', BUILDER);
    await write('node_modules/redoc/bundles/redoc.standalone.js', '');
    await write(MAIN, SERVICE);
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await rm(base, { recursive: true, force: true });
  });

  it('builds once, and starts at once when nothing has changed', async () => {
    await startAndStop();
    expect((await startAndStop()).stderr).toBe('');
    expect(await builds()).toBe(1);
  });

  it('builds again when a source has changed', async () => {
    await startAndStop();
    await appendFile(path.join(project, MAIN), '\n// changed');
    await startAndStop();
    expect(await builds()).toBe(2);
  });

  it('builds once when started twice at the same time', async () => {
    const both = [start(), start()];
    await Promise.all(both.map((run) => run.printed('ready')));
    expect(await builds()).toBe(1);
  });

  it('shows why a build failed, runs nothing, and tries again next time', async () => {
    await write(MAIN, '// broken');
    const failed = await start().ended;
    expect(failed.code).toBe(1);
    expect(failed.stdout).toBe('');
    expect(failed.stderr).toContain('main.ts: it is broken');

    await write(MAIN, SERVICE);
    await startAndStop();
    expect(await builds()).toBe(2);
  });

  it('does not take a build that was cut off for a finished one', async () => {
    const cut = start();
    await cut.warned('Building');
    cut.child.kill('SIGKILL');
    await cut.ended;
    await startAndStop();
    expect(await builds()).toBeGreaterThanOrEqual(1);
    const stamp = await readFile(path.join(project, 'dist/.build-stamp'), 'utf8');
    expect(stamp).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('lets %s reach the service once', async (signal) => {
    const run = start();
    await run.printed('ready');
    run.child.kill(signal);
    const { code, stdout } = await run.ended;
    expect(stdout.match(/closed by/g)).toHaveLength(1);
    expect(stdout).toContain(`closed by ${signal}`);
    expect(code).toBe(0);
  });

  it('ends with the shell that npm started it through', async () => {
    await startAndStop();
    const run = throughShell();
    await run.printed('ready');
    run.child.kill('SIGKILL');
    await run.printed('closed by SIGTERM');
  });

  it('starts nothing when that shell ends during the build', async () => {
    const run = throughShell();
    await run.warned('Building');
    run.child.kill('SIGKILL');
    // Its output ends with the last process that holds it.
    const { stdout } = await run.ended;
    expect(stdout).not.toContain('ready');
  });

  it('takes over a lock whose holder is gone, and leaves that of a successor alone', async () => {
    const lock = path.join(project, 'x.lock');
    await writeFile(lock, '999999999');
    const work = `
      const { withLock } = await import(${JSON.stringify(path.join(project, 'tools/bootstrap/lock.mjs'))});
      const { appendFile } = await import('node:fs/promises');
      await withLock(process.argv[1], () => true, async () => {
        await appendFile('work.log', 'in ');
        await new Promise((resolve) => setTimeout(resolve, 100));
        await appendFile('work.log', 'out ');
      });`;
    const runs = Array.from({ length: 4 }, () =>
      follow(spawn(process.execPath, ['--input-type=module', '-e', work, lock], { cwd: project })),
    );
    for (const { ended } of runs) expect(await ended).toMatchObject({ code: 0 });
    expect(await readFile(path.join(project, 'work.log'), 'utf8')).toBe('in out '.repeat(4));
  });

  it('passes arguments on to a tool', async () => {
    const run = start('run', 'dist/apps/api/src/main.js', 'one', '--two');
    await run.printed('ready one,--two');
  });

  it('explains itself when it does not know the command', async () => {
    const { code, stderr } = await start('dance').ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^usage: /);
  });

  async function startAndStop(): Promise<Ended> {
    const run = start();
    await run.printed('ready');
    run.child.kill('SIGTERM');
    return run.ended;
  }

  function start(...args: string[]): Run {
    const env = { ...process.env };
    delete env['npm_lifecycle_event'];
    const bootstrap = path.join(project, 'tools/bootstrap.mjs');
    const command = args.length > 0 ? args : ['start'];
    return follow(spawn(process.execPath, [bootstrap, ...command], { cwd: project, env }));
  }

  /** As npm does. */
  function throughShell(): Run {
    const script = '"$0" tools/bootstrap.mjs start & wait';
    return follow(
      spawn('sh', ['-c', script, process.execPath], {
        cwd: project,
        env: { ...process.env, npm_lifecycle_event: 'start' },
      }),
    );
  }

  function follow(child: ChildProcess): Run {
    children.push(child);
    return observe(child);
  }

  async function builds(): Promise<number> {
    const log = await readFile(path.join(project, 'builds.log'), 'utf8');
    return log.trim().split('\n').length;
  }

  async function write(name: string, text: string): Promise<void> {
    const file = path.join(project, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, text);
  }
});

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  printed(text: string): Promise<void>;
  warned(text: string): Promise<void>;
}

function observe(child: ChildProcess): Run {
  const seen = { stdout: '', stderr: '' };
  const watch = (name: 'stdout' | 'stderr') => (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (seen[name].includes(text)) resolve();
      };
      child[name]!.on('data', look).once('close', () =>
        reject(new Error(`ended without "${text}": ${seen.stdout}${seen.stderr}`)),
      );
      look();
    });
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.on('data', (chunk: Buffer) => (seen[name] += chunk.toString()));
  }
  return {
    child,
    ended: new Promise((resolve) => {
      child.once('close', (code) => resolve({ code, ...seen }));
    }),
    printed: watch('stdout'),
    warned: watch('stderr'),
  };
}
