import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const ENTRY = join(process.cwd(), 'dist/apps/api/src/main.js');

/** The real service in a process of its own, on a free loopback port. */
export class Service {
  output = '';

  private constructor(
    readonly process: ChildProcess,
    readonly url: string,
    readonly dataDir: string,
  ) {
    process.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    process.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  /** @param settings variables, or what makes them of the URL that the service will have */
  static async start(
    settings: NodeJS.ProcessEnv | ((url: string) => Promise<NodeJS.ProcessEnv>) = {},
  ): Promise<Service> {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const env = typeof settings === 'function' ? await settings(url) : settings;
    const dataDir = mkdtempSync(join(tmpdir(), 'clinserve e2e '));
    const child = spawn(process.execPath, [ENTRY], {
      env: {
        PATH: process.env.PATH,
        HOST: '127.0.0.1',
        PORT: String(port),
        DATA_DIR: dataDir,
        LOG_LEVEL: 'warn',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const service = new Service(child, url, dataDir);
    await service.waitUntilReady();
    return service;
  }

  /** @throws Error with what the process said, when it ends or is not ready in time */
  async waitUntilReady(timeoutMs = 30_000): Promise<void> {
    const end = performance.now() + timeoutMs;
    while (performance.now() < end) {
      if (this.process.exitCode !== null) break;
      const ready = await fetch(`${this.url}/health/ready`).catch(() => null);
      if (ready?.ok) return;
      await sleep(25);
    }
    throw new Error(`the service did not get ready:\n${this.output}`);
  }

  post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      const exited = new Promise((resolve) => this.process.once('exit', resolve));
      this.process.kill(signal);
      await exited;
    }
    rmSync(this.dataDir, { recursive: true, force: true });
    return this.process.exitCode;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
