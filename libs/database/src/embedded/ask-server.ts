import { SetupError } from '@app/common';
import pg from 'pg';
import { SOCKET_PORT, type ServerFolder } from './server-folder.js';

export type ServerState =
  | 'ready'
  /** Alive, but starting, recovering, ending or stuck. */
  | 'busy'
  | 'absent';

/**
 * How the embedded server is reached. Everything that the driver would else
 * take from PG* variables of the environment is said here.
 */
export function embeddedConnection(folder: ServerFolder, database = 'postgres'): pg.ClientConfig {
  return {
    host: folder.sockets,
    port: SOCKET_PORT,
    user: 'postgres',
    database,
    // Never asked for: who may enter the sockets' folder is trusted.
    password: 'unused',
    ssl: false,
    options: '-c client_min_messages=warning',
    application_name: 'clinserve',
  };
}

const ANSWER_MS = 2_000;

/** @throws SetupError when the socket belongs to another user or another cluster */
export async function askServer(folder: ServerFolder): Promise<ServerState> {
  const client = new pg.Client({
    ...embeddedConnection(folder),
    connectionTimeoutMillis: ANSWER_MS,
    query_timeout: ANSWER_MS,
  });
  // Also emitted after a failure has been thrown.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ folder: string; recovering: boolean }>(
      "select current_setting('data_directory') as folder, pg_is_in_recovery() as recovering",
    );
    const [row] = rows;
    if (row?.folder !== folder.data) throw elsewhere(folder, row?.folder ?? 'an unknown folder');
    return row.recovering ? 'busy' : 'ready';
  } catch (error) {
    if (error instanceof SetupError) throw error;
    return stateFromError(folder, error as NodeJS.ErrnoException);
  } finally {
    client.end().catch(() => undefined);
  }
}

function stateFromError(folder: ServerFolder, error: NodeJS.ErrnoException): ServerState {
  switch (error.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
      return 'absent';
    case 'EACCES':
    case 'EPERM':
      throw new SetupError(
        `A database of another user may be running in ${folder.root}: its socket cannot be opened. ` +
          'Start as the same user, or set DATA_DIR to another folder.',
        { cause: error },
      );
    case '53300':
      // Alive, and all its connections are in use.
      return 'ready';
    default:
      return 'busy';
  }
}

function elsewhere(folder: ServerFolder, found: string): SetupError {
  return new SetupError(
    `A database that was started in ${found} still runs behind ${folder.sockets}. ` +
      'Stop the process that started it.',
  );
}
