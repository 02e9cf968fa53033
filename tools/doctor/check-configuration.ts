import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { ConfigurationError, loadConfig, type AppConfig } from '@app/config';
import type { Finding } from './finding.js';

/** The configuration, or null when it is refused. */
export function checkConfiguration(): { config: AppConfig | null; finding: Finding } {
  const subject = 'configuration';
  try {
    const config = loadConfig();
    const { host, tls } = config.http;
    const key = config.access.keyRequired ? 'callers need a key' : 'callers need no key';
    const text = `${config.environment}, ${tls ? 'https' : 'http'} on ${host}, ${key}`;
    return { config, finding: { state: 'ok', subject, text } };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const text = error.problems.join('\n');
    return { config: null, finding: { state: 'fail', subject, text } };
  }
}

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use: stop what listens there, or set PORT',
  EACCES: 'may not be used by this user: set PORT to 1024 or more',
  EADDRNOTAVAIL: 'cannot be listened on: HOST is no address of this machine',
  ENOTFOUND: 'cannot be listened on: HOST is a name that is not known',
};

export async function checkPort({ http: { host, port } }: AppConfig): Promise<Finding> {
  const subject = 'port';
  const code = await listenError(host, port);
  if (code === null) {
    return { state: 'ok', subject, text: port === 0 ? 'a free one' : `${port} is free` };
  }
  const problem = LISTEN_PROBLEMS[code] ?? `cannot be listened on (${code})`;
  return { state: 'fail', subject, text: `${port} of ${host} ${problem}` };
}

function listenError(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}

/** The folder, or the nearest one above it that exists, must take new files. */
export async function checkDataFolder({ dataDir }: AppConfig): Promise<Finding> {
  const subject = 'data folder';
  let folder = dataDir;
  for (;;) {
    const found = await stat(folder).catch(() => null);
    if (found?.isDirectory()) break;
    if (found || dirname(folder) === folder) {
      return { state: 'fail', subject, text: `${folder} is not a folder: set DATA_DIR` };
    }
    folder = dirname(folder);
  }
  return access(folder, constants.W_OK).then(
    (): Finding => ({ state: 'ok', subject, text: dataDir }),
    (): Finding => ({
      state: 'fail',
      subject,
      text: `${folder} cannot be written: set DATA_DIR, or give this user the right to write there`,
    }),
  );
}
