import type { AddressInfo, Server } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { SetupError } from '@app/common';
import { loadConfig, type AppConfig } from '@app/config';
import { maskText } from '@app/observability';
import { banner } from './banner.js';
import { createApp, type ClinserveApp } from './create-app.js';
import { runUntilStopped } from './run-until-stopped.js';
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
  await runUntilStopped(
    () => start(config, service),
    () => shutDown(service),
  );
}

async function start(config: AppConfig, service: ClinserveApp): Promise<void> {
  await listen(config, service);
  await service.start();
  const server = service.app.getHttpServer() as Server;
  const address = server.address() as AddressInfo | null;
  // A signal may have come as the start ended: nobody is told of what has gone.
  if (address !== null) process.stdout.write(`${banner(config, service, address.port)}\n`);
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

try {
  await main();
  process.exit(0);
} catch (error) {
  // Our own words name variables and never values; anybody else's may hold some.
  const text = error instanceof SetupError ? error.message : maskText((error as Error).stack ?? '');
  process.stderr.write(`Clinserve cannot start.\n${text}\n`);
  process.exit(1);
}
