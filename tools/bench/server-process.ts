import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './free-port.js';
import { processCpuMicros, residentBytes } from './process-cpu.js';

const HOST = '127.0.0.1';
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
/** Those of `npm start`: room for the objects of all requests under way to die young. */
const NODE_FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=64'];

/** A server under test, in a process of its own, on a free port of loopback. */
export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    readonly origin: string,
  ) {}

  /**
   * Starts `node <script> <host> <port> <args>` with HOST, PORT and `env` alone as its
   * environment and waits until `readyPath` answers 200.
   */
  static async start(
    script: string,
    env: Readonly<Record<string, string>>,
    readyPath: string,
    args: readonly string[] = [],
  ): Promise<ServerProcess> {
    const port = await freePort();
    const child = spawn(process.execPath, [...NODE_FLAGS, script, HOST, String(port), ...args], {
      env: { ...env, HOST, PORT: String(port) },
      // Its banner and log would mix with the figures; why it cannot start stands on stderr.
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const server = new ServerProcess(child, `http://${HOST}:${port}`);
    try {
      await server.ready(readyPath);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return server;
  }

  private async ready(path: string): Promise<void> {
    const deadline = performance.now() + READY_TIMEOUT_MS;
    while (performance.now() < deadline) {
      if (this.child.exitCode !== null) {
        throw new Error(`the server ended at start with code ${this.child.exitCode}`);
      }
      const answer = await fetch(this.origin + path).catch(() => null);
      if (answer?.status === 200) return;
      await sleep(100);
    }
    throw new Error(`the server did not answer 200 at ${path} within ${READY_TIMEOUT_MS} ms`);
  }

  async cpuMicros(): Promise<number | null> {
    return processCpuMicros(this.child.pid ?? 0);
  }

  /** Without its lanes; null where it cannot be read. */
  async residentBytes(): Promise<number | null> {
    return residentBytes(this.child.pid ?? 0);
  }

  /** Ends it as an operator would. Throws if it does not end cleanly in time. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await ended;
      clearTimeout(timer);
    }
    const { exitCode, signalCode } = this.child;
    if (exitCode !== 0) {
      throw new Error(
        `the server ended with ${signalCode ?? `code ${exitCode ?? '?'}`} on SIGTERM`,
      );
    }
  }
}
