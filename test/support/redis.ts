import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './service.js';

export interface TestRedisOptions {
  /** Keeps what it was told over a restart in its folder. */
  readonly persistent?: boolean;
  readonly password?: string;
}

/** A Redis server of a test's own, on a free loopback port, gone with the tests' process. */
export class TestRedis {
  private process: ChildProcess | null = null;

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly options: TestRedisOptions,
  ) {}

  /** For REDIS_URL. */
  get url(): string {
    const { password } = this.options;
    return `redis://${password === undefined ? '' : `:${password}@`}127.0.0.1:${this.port}`;
  }

  static async start(options: TestRedisOptions = {}): Promise<TestRedis> {
    const folder = mkdtempSync(path.join(tmpdir(), 'clinserve-redis-'));
    const redis = new TestRedis(await freePort(), folder, options);
    await redis.up();
    return redis;
  }

  /** Starts it again after `kill` or `stop`. */
  async up(): Promise<void> {
    const { password, persistent } = this.options;
    const settings = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder];
    settings.push('--save', '', '--appendonly', persistent === true ? 'yes' : 'no');
    if (password !== undefined) settings.push('--requirepass', password);
    const child = spawn(binary() ?? 'redis-server', settings, { stdio: 'ignore' });
    this.process = child;
    process.once('exit', () => child.kill('SIGKILL'));
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => 20 });
    client.on('error', () => undefined);
    client.connect().catch(() => undefined);
    for (let tries = 0; client.status !== 'ready'; tries++) {
      if (tries === 500 || child.exitCode !== null) throw new Error('redis-server did not start');
      await sleep(10);
    }
    client.disconnect();
  }

  /** It answers nobody, and closes no connection, until `resume`. */
  pause(): void {
    this.process?.kill('SIGSTOP');
  }

  resume(): void {
    this.process?.kill('SIGCONT');
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGCONT');
    child.kill(signal);
    await exited;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * `describe` for tests against a real Redis. Where there is no redis-server,
 * they are reported as skipped, with how to get one in their title.
 */
export function describeWithRedis(title: string, tests: () => void): void {
  if (binary() !== null) describe(title, tests);
  else describe.skip(`${title} (no redis-server: apt-get install redis-server)`, tests);
}

let found: string | null | undefined;

/** The server's program: `REDIS_SERVER`, or the one in PATH; null when there is none. */
function binary(): string | null {
  if (found === undefined) {
    const program = process.env.REDIS_SERVER ?? 'redis-server';
    try {
      execFileSync(program, ['--version'], { stdio: 'ignore' });
      found = program;
    } catch {
      found = null;
    }
  }
  return found;
}
