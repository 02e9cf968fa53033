import type { EventEmitter } from 'node:events';

/**
 * Starts a service and resolves once SIGINT or SIGTERM has ended it cleanly, be it in the middle
 * of its start. A second signal ends the process at once.
 *
 * @throws what made the start, before any signal, or the stop impossible
 */
export async function runUntilStopped(
  start: () => Promise<void>,
  stop: () => Promise<void>,
  signals: EventEmitter = process,
): Promise<void> {
  const signalled = firstSignal(signals);
  const stopped = signalled.then(stop);
  // What is taken away from a start makes it fail, which then concerns nobody.
  await Promise.race([signalled, start()]);
  await stopped;
}

function firstSignal(signals: EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    let stoppingSince: number | null = null;
    const onSignal = () => {
      if (stoppingSince !== null) {
        // Under npm, Ctrl-C arrives twice: from the terminal and from npm.
        if (performance.now() - stoppingSince > 1_000) process.exit(130);
        return;
      }
      stoppingSince = performance.now();
      resolve();
    };
    signals.on('SIGINT', onSignal);
    signals.on('SIGTERM', onSignal);
  });
}
