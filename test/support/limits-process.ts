import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

export interface LimitsLine {
  readonly ready?: boolean;
  readonly done?: boolean;
  readonly admitted?: number;
  /** When, ms since 1970. */
  readonly at?: number;
  readonly message?: string;
}

const SCRIPT = path.join(process.cwd(), 'test/medium/limits-process.mjs');

/** A process of its own that counts limits. */
export class LimitsProcess {
  readonly lines: LimitsLine[] = [];
  private errors = '';

  private constructor(private readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.lines.push(JSON.parse(line) as LimitsLine);
    });
    child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
  }

  static async start(
    storage: 'redis' | 'database',
    url: string,
    limits: object,
  ): Promise<LimitsProcess> {
    const args = [SCRIPT, storage, url, JSON.stringify(limits)];
    const started = new LimitsProcess(spawn(process.execPath, args, { stdio: 'pipe' }));
    await started.until((line) => line.ready === true);
    return started;
  }

  get admitted(): LimitsLine[] {
    return this.lines.filter((line) => line.admitted !== undefined);
  }

  /** Makes it send so many requests. */
  ask(requests: number): void {
    this.child.stdin!.write(`${requests}\n`);
  }

  async until(condition: (line: LimitsLine) => boolean): Promise<void> {
    for (let tries = 0; !this.lines.some(condition); tries++) {
      if (this.child.exitCode !== null || tries > 2_000) {
        throw new Error(`the process did not get there:\n${this.errors}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** Lets it end by itself. */
  async end(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.stdin!.end();
    await exited;
  }
}
