import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { eventually } from './eventually.js';

const SCRIPT = path.join(process.cwd(), 'test/conformance/job-worker.mjs');

export interface JobWorkerOptions {
  readonly databaseUrl: string;
  readonly redisUrl: string | null;
  /** Of the queues, when they are on Postgres. */
  readonly connection: object;
  readonly lockMs: number;
  /** How long 64 items take. */
  readonly groupMs: number;
}

/** A process of its own that runs slices of jobs. */
export class JobWorker {
  /** Slices it has begun. */
  readonly begun: string[] = [];
  private ready = false;
  private errors = '';

  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      if (line === 'ready') this.ready = true;
      else this.begun.push(line);
    });
    child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  static async start(options: JobWorkerOptions): Promise<JobWorker> {
    const args = [SCRIPT, JSON.stringify(options)];
    const worker = new JobWorker(spawn(process.execPath, args, { stdio: 'pipe' }));
    await eventually(() => {
      if (worker.child.exitCode !== null) throw new Error(`it ended:\n${worker.errors}`);
      return worker.ready;
    });
    return worker;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }
}
