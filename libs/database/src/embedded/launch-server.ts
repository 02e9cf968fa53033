import { spawn, type ChildProcess } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { commandLine, type Tie } from './command-line.js';
import { PROGRAM_ENVIRONMENT } from './run-program.js';
import type { ServerBinaries } from './server-binaries.js';
import { SOCKET_PORT, type ServerFolder } from './server-folder.js';

export interface LaunchOptions {
  readonly maxConnections: number;
  /** False gives up what survives a power failure; for tests. */
  readonly durable: boolean;
  readonly tie: Tie;
}

/** Starts the server, which ends when this process does, however that comes about. */
export function launchServer(
  folder: ServerFolder,
  binaries: ServerBinaries,
  options: LaunchOptions,
): ChildProcess {
  const settings = Object.entries(serverSettings(folder, options));
  const line = commandLine(
    binaries.user,
    [
      binaries.postgres,
      '-D',
      folder.data,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    options.tie,
  );
  // A file, never a pipe: a pipe breaks when this process dies.
  const log = openSync(folder.log, 'a', 0o600);
  try {
    const child = spawn(line.file, line.args, {
      ...line.identity,
      env: PROGRAM_ENVIRONMENT,
      cwd: folder.root,
      // Ctrl-C in the terminal is for this process, which ends the server last.
      detached: true,
      stdio: ['ignore', log, log, ...(line.guarded ? (['pipe'] as const) : [])],
    });
    child.unref();
    (child.stdio[3] as Socket | undefined)?.unref();
    return child;
  } finally {
    closeSync(log);
  }
}

/** For one service on one machine, reached by a socket only. */
function serverSettings(folder: ServerFolder, options: LaunchOptions): Record<string, string> {
  return {
    listen_addresses: '',
    port: String(SOCKET_PORT),
    unix_socket_directories: `"${folder.sockets.replaceAll('"', '""')}"`,
    unix_socket_permissions: '0700',
    max_connections: String(options.maxConnections),
    shared_buffers: '32MB',
    dynamic_shared_memory_type: 'posix',
    min_wal_size: '16MB',
    max_wal_size: '256MB',
    wal_level: 'minimal',
    max_wal_senders: '0',
    max_worker_processes: '2',
    max_parallel_workers: '0',
    max_logical_replication_workers: '0',
    autovacuum_naptime: '15s',
    jit: 'off',
    // After a crash, one call instead of one for each of a thousand files.
    ...(process.platform === 'linux' ? { recovery_init_sync_method: 'syncfs' } : {}),
    timezone: 'UTC',
    log_timezone: 'UTC',
    // Starts, ends and crashes. Never a statement or a row, which may speak of patients.
    log_min_messages: 'log',
    log_min_error_statement: 'panic',
    log_error_verbosity: 'terse',
    log_checkpoints: 'off',
    ...(options.durable
      ? {}
      : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
}
