import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '@app/common';
import pg from 'pg';
import type { DatabaseLog } from '../database-log.js';
import { embeddedConnection } from './ask-server.js';
import { bringUpServer, type RunningServer } from './bring-up-server.js';
import { BEST_TIE } from './command-line.js';
import { hurryShutdown } from './hurry-shutdown.js';
import type { LaunchOptions } from './launch-server.js';
import { findBinaries, type ServerBinaries } from './server-binaries.js';
import { openServerFolder, prepareForUser, type ServerFolder } from './server-folder.js';
import { serverUser } from './server-user.js';

export interface EmbeddedServerOptions {
  /** The server lives in its subfolder `postgres`. */
  readonly dataDir: string;
  readonly log: DatabaseLog;
  readonly launch?: Partial<LaunchOptions>;
  /** How long a shutdown that another program asked for may wait for this process, ms. */
  readonly shutdownPatienceMs?: number;
}

const LAUNCH: LaunchOptions = { maxConnections: 60, durable: true, tie: BEST_TIE };

/** Pauses before restarts of a server that keeps dying grow from the one to the other. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
/** A server that lived as long starts afresh with the first pause. */
const STABLE_MS = 60_000;

const FAST_SHUTDOWN_MS = 10_000;

const SHUTDOWN_PATIENCE_MS = 30_000;

/**
 * A Postgres server of our own for one folder, kept running: whoever of the
 * processes that use the folder notices that it is gone starts it again, also
 * when the one that had started it is gone as well.
 */
export class EmbeddedServer {
  private stopping = false;
  private watch: pg.Client | null = null;
  private supervision: Promise<void> = Promise.resolve();
  private readonly stopped = new AbortController();

  private constructor(
    private readonly folder: ServerFolder,
    private readonly binaries: ServerBinaries,
    private readonly launch: LaunchOptions,
    private readonly log: DatabaseLog,
    private readonly shutdownPatienceMs: number,
    private running: RunningServer,
  ) {}

  /** @throws SetupError when there can be no server, with the reason and what to do */
  static async start(options: EmbeddedServerOptions): Promise<EmbeddedServer> {
    if (process.platform === 'win32') {
      throw new SetupError(
        'The built-in database does not run on Windows: set DATABASE_URL to a Postgres database.',
      );
    }
    const { log, shutdownPatienceMs = SHUTDOWN_PATIENCE_MS } = options;
    const launch = { ...LAUNCH, ...options.launch };
    const folder = await openServerFolder(options.dataDir);
    const wanted = await serverUser(folder.data);
    await prepareForUser(folder, wanted);
    const binaries = await findBinaries(folder, wanted);
    const running = await bringUpServer(folder, binaries, launch, log);
    log.info({ how: running.how, folder: folder.root }, 'built-in database ready');
    const server = new EmbeddedServer(folder, binaries, launch, log, shutdownPatienceMs, running);
    server.supervision = server.supervise();
    return server;
  }

  get how(): RunningServer['how'] {
    return this.running.how;
  }

  /** How to reach a database of it; the one that is always there by default. */
  connection(database?: string): pg.ClientConfig {
    return embeddedConnection(this.folder, database);
  }

  /** Ends the server if this process started it; another process that uses it then starts its own. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.stopped.abort();
    // Its end is waited for, if nothing else keeps the process alive.
    (this.watch as (pg.Client & { ref(): void }) | null)?.ref();
    await this.watch?.end().catch(() => undefined);
    await this.supervision;
    if (this.running.child !== null) await endServer(this.running.child);
  }

  private async supervise(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.stopping) {
      const since = performance.now();
      await this.untilGone();
      if (this.isStopping()) return;
      this.log.warn(
        { folder: this.folder.root },
        'the built-in database is gone; starting it again',
      );
      if (performance.now() - since > STABLE_MS) pause = FIRST_PAUSE_MS;
      await this.bringBack(pause);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** One connection stands idle: it ends when the server does. */
  private async untilGone(): Promise<void> {
    const client = new pg.Client({ ...this.connection(), application_name: 'clinserve watch' });
    client.on('error', () => undefined);
    // Not `once` of node:events: that fails on an error, which may come before anybody waits.
    const gone = new Promise((resolve) => client.once('end', resolve));
    let letGo = (): void => undefined;
    try {
      await client.connect();
      this.watch = client;
      letGo = hurryShutdown(this.folder, this.shutdownPatienceMs, this.log);
      // It alone must not keep the process alive.
      (client as pg.Client & { unref(): void }).unref();
      if (!this.stopping) await gone;
    } catch {
      // Gone already.
    } finally {
      letGo();
      this.watch = null;
      client.end().catch(() => undefined);
    }
  }

  private async bringBack(firstPause: number): Promise<void> {
    for (let pause = firstPause; !this.stopping; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        // A server that has outlived its lost connections is not launched again.
        const before = this.running.child;
        const running = await bringUpServer(this.folder, this.binaries, this.launch, this.log);
        const child = running.child ?? (before?.exitCode === null ? before : null);
        this.running = { ...running, child };
        this.log.info({ how: running.how }, 'built-in database ready again');
        return;
      } catch (error) {
        this.log.error({ reason: (error as Error).message }, 'the built-in database did not start');
        await sleep(pause, undefined, { signal: this.stopped.signal, ref: false }).catch(
          () => undefined,
        );
      }
    }
  }

  /** Read anew after a wait. */
  private isStopping(): boolean {
    return this.stopping;
  }
}

async function endServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.ref();
  child.kill('SIGINT');
  const timer = setTimeout(() => child.kill('SIGQUIT'), FAST_SHUTDOWN_MS);
  await ended;
  clearTimeout(timer);
}
