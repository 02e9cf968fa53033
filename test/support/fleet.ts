import { randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from './eventually.js';
import { PostgresServer } from './postgres-server.js';
import { TestRedis } from './redis.js';
import { freePort } from './service.js';

const ENTRY = path.join(process.cwd(), 'dist/apps/api/src/main.js');
const START_MS = 90_000;
const MOST_RESTARTS = 3;

/** One of several processes of the service; it keeps its port and its folder when it is started again. */
export class FleetProcess {
  output = '';
  /** Times it had ended by itself. */
  restarts = 0;
  private child: ChildProcess | null = null;

  private constructor(
    readonly url: string,
    private readonly env: NodeJS.ProcessEnv,
  ) {}

  /** Not started yet. */
  static async prepare(env: NodeJS.ProcessEnv): Promise<FleetProcess> {
    const port = await freePort();
    const process = new FleetProcess(`http://127.0.0.1:${port}`, { ...env, PORT: String(port) });
    return process;
  }

  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Starts it, without waiting for it to be ready. */
  spawn(): void {
    const child = spawn(process.execPath, [ENTRY], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    const keep = (chunk: Buffer) => (this.output += chunk.toString());
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    process.once('exit', () => child.kill('SIGKILL'));
  }

  /**
   * Waits until it is ready. One that ends meanwhile, as while the database goes away under its
   * start, is started again a few times: supervisors of services do that.
   * @throws Error with what it said
   */
  async ready(): Promise<void> {
    let health = '';
    try {
      await eventually(async () => {
        if (this.child === null || hasEnded(this.child)) this.startAgain();
        const answer = await fetch(`${this.url}/health/ready`).catch(() => null);
        health = (await answer?.text().catch(() => null)) ?? 'no answer';
        if (answer?.ok === true) return true;
        await sleep(100);
        return false;
      }, START_MS);
    } catch (cause) {
      throw new Error(`a process did not get ready:\n${this.output}\n${health}`, { cause });
    }
  }

  private startAgain(): void {
    if (++this.restarts > MOST_RESTARTS) throw new Error('it keeps ending');
    this.spawn();
  }

  async kill(signal: NodeJS.Signals): Promise<void> {
    const { child } = this;
    if (child === null || hasEnded(child)) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  }
}

export interface FleetOptions {
  readonly apis: number;
  readonly workers: number;
  readonly settings?: NodeJS.ProcessEnv;
}

/** Several processes of the service with one Postgres and one Redis of their own. */
export class Fleet {
  readonly apis: FleetProcess[] = [];
  readonly workers: FleetProcess[] = [];
  private readonly folder = mkdtempSync(path.join(tmpdir(), 'clinserve-fleet-'));

  private constructor(
    readonly postgres: PostgresServer,
    readonly redis: TestRedis,
  ) {}

  static async start({ apis, workers, settings = {} }: FleetOptions): Promise<Fleet> {
    const [postgres, redis] = await Promise.all([PostgresServer.start(), TestRedis.start()]);
    const fleet = new Fleet(postgres, redis);
    const common = {
      PATH: process.env.PATH,
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      MODELS: 'clinical-assertion',
      LANES: '1',
      DATABASE_URL: postgres.url,
      REDIS_URL: redis.url,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      WEBHOOK_ALLOW_PRIVATE: 'true',
      ...settings,
    };
    try {
      for (let i = 0; i < apis + workers; i++) {
        const ROLE = i < apis ? 'api' : 'worker';
        const DATA_DIR = path.join(fleet.folder, String(i));
        const member = await FleetProcess.prepare({ ...common, ROLE, DATA_DIR });
        (ROLE === 'api' ? fleet.apis : fleet.workers).push(member);
        member.spawn();
      }
      await Promise.all(fleet.members.map((member) => member.ready()));
      return fleet;
    } catch (error) {
      await fleet.stop();
      throw error;
    }
  }

  get members(): FleetProcess[] {
    return [...this.apis, ...this.workers];
  }

  /** With `FLEET_LOGS` set to a folder, what each process said is kept there. */
  async stop(): Promise<void> {
    await Promise.all(this.members.map((member) => member.kill('SIGKILL')));
    const { FLEET_LOGS: logs } = process.env;
    if (logs !== undefined) {
      this.apis.forEach(({ output }, i) => writeFileSync(path.join(logs, `api-${i}.log`), output));
      this.workers.forEach(({ output }, i) =>
        writeFileSync(path.join(logs, `worker-${i}.log`), output),
      );
    }
    await this.redis.remove();
    await this.postgres.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
