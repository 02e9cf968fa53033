import type { ClinserveApp } from './create-app.js';

/** How long accepted work may take to finish. */
const DRAIN_MS = 25_000;
/** How long answered connections may take to close. */
const CLOSE_MS = 3_000;

/**
 * Ends the service without losing what it has accepted. The order matters:
 * say that no more should come, stop taking it, let what is in finish, and
 * only then take away what it needs.
 */
export async function shutDown(service: ClinserveApp): Promise<void> {
  const { app, edge, engine, lifecycle, logger, state } = service;
  logger.info('shutting down: finishing accepted requests');
  lifecycle.stopping();
  service.streams?.end();
  const closed = edge.stopAccepting();
  // Slices of jobs that take longer are left to other workers, or to the next start.
  await Promise.all([finishRequests(closed), service.worker?.stop(DRAIN_MS)]);
  await engine.close(CLOSE_MS);
  edge.cutConnections();
  await app.close();
  await service.tracing?.close();
  await state.close();
  logger.info('stopped');
}

/** Waits until every open request is answered, or for as long as one may reasonably take. */
async function finishRequests(closed: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, DRAIN_MS);
  });
  await Promise.race([closed, tooLong]);
  clearTimeout(timer);
}
