import type { AddressInfo, Server } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { SetupError } from '@app/common';
import { loadConfig, type AppConfig } from '@app/config';
import { maskText } from '@app/observability';
import { banner } from './banner.js';
import { createApp, type ClinserveApp } from './create-app.js';
import { shutDown } from './shutdown.js';

/**
 * Of what V8 keeps, how much may be garbage before it is collected, in percent of the rest. Left
 * alone, it lets a job of many items grow the process by 100 MB, drops them, and begins anew.
 */
const HEAP_GROWING_PERCENT = 150;

async function main(): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  const config = loadConfig();
  const service = await createApp(config);
  const stopped = stopOnSignal(service);
  await listen(config, service);
  await service.start();
  const server = service.app.getHttpServer() as Server;
  const address = server.address() as AddressInfo;
  process.stdout.write(`${banner(config, service, address.port)}\n`);
  await stopped;
}

/** Listens before the models are loaded, so that probes can see the start. */
async function listen(config: AppConfig, { app }: ClinserveApp): Promise<void> {
  const { host, port } = config.http;
  try {
    await app.listen(port, host);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new SetupError(
      `Port ${port} of ${host} is in use. Stop what listens there, or set PORT.`,
    );
  }
}

/** Resolves once a signal has ended the service cleanly. A second signal ends it at once. */
function stopOnSignal(service: ClinserveApp): Promise<void> {
  return new Promise((resolve, reject) => {
    let stoppingSince: number | null = null;
    const stop = () => {
      if (stoppingSince !== null) {
        // Under npm, Ctrl-C arrives twice: from the terminal and from npm.
        if (performance.now() - stoppingSince > 1_000) process.exit(130);
        return;
      }
      stoppingSince = performance.now();
      shutDown(service).then(resolve, reject);
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}

try {
  await main();
  process.exit(0);
} catch (error) {
  // Our own words name variables and never values; anybody else's may hold some.
  const text = error instanceof SetupError ? error.message : maskText((error as Error).stack ?? '');
  process.stderr.write(`Clinserve cannot start.\n${text}\n`);
  process.exit(1);
}
