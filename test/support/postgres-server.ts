import { mkdtempSync, readFileSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SILENT_LOG } from '@app/database/testing';
import pg from 'pg';
import { EmbeddedServer } from '../../libs/database/src/embedded/embedded-server.js';
import { eventually } from './eventually.js';
import { TcpGate } from './tcp-gate.js';

/** A Postgres server of a test's own that survives being killed: it comes up again with what was committed. */
export class PostgresServer {
  private constructor(
    private readonly folder: string,
    private readonly server: EmbeddedServer,
    private readonly gate: TcpGate,
  ) {}

  static async start(): Promise<PostgresServer> {
    const folder = mkdtempSync(path.join(tmpdir(), 'clinserve-pg-'));
    // The server may run as another user.
    chmodSync(folder, 0o755);
    const launch = { maxConnections: 150 };
    const server = await EmbeddedServer.start({ dataDir: folder, log: SILENT_LOG, launch });
    const { host, port } = server.connection();
    const gate = await TcpGate.before({ path: `${String(host)}/.s.PGSQL.${port}` });
    return new PostgresServer(folder, server, gate);
  }

  /** For DATABASE_URL. */
  get url(): string {
    return `postgresql://postgres@127.0.0.1:${this.gate.port}/postgres`;
  }

  /** SIGKILL: as after a crash; SIGINT: as when its operator restarts it. Resolves when it answers again. */
  async restart(signal: 'SIGKILL' | 'SIGINT'): Promise<void> {
    const before = await this.startedAt();
    process.kill(this.pid(), signal);
    await eventually(async () => {
      const now = await this.startedAt().catch(() => before);
      return now !== before;
    }, 30_000);
  }

  async query<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client(this.server.connection());
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async stop(): Promise<void> {
    await this.gate.shut();
    await this.server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async startedAt(): Promise<string> {
    const [row] = await this.query<{ at: string }>('select pg_postmaster_start_time()::text as at');
    return row!.at;
  }

  private pid(): number {
    const file = path.join(this.folder, 'postgres/data/postmaster.pid');
    return Number(readFileSync(file, 'utf8').split('\n')[0]);
  }
}
