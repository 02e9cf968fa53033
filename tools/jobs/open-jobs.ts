import { TenantWeights } from '@app/auth';
import type { AppConfig } from '@app/config';
import { createLogger } from '@app/observability';
import { Signals } from '@app/signals';
import pg from 'pg';
import { openWork, type Work } from '../../apps/api/src/open-work.js';
import { withState, type State } from '../audit/open-state.js';
import type { Output } from '../models/console.js';

/** Jobs and deliveries beside a running service, or without one. Nothing is worked on here. */
export interface JobsState extends State {
  readonly work: Work;
}

/** @throws SetupError saying what keeps the state from being opened */
export function withJobs<T>(
  config: AppConfig,
  output: Output,
  use: (state: JobsState) => Promise<T>,
): Promise<T> {
  return withState(config, output, async (state) => {
    const { database } = state;
    const destination = { write: (line: string) => output.printError(line.trimEnd()) };
    const logger = createLogger({ level: 'error', destination });
    const onError = (err: unknown) => logger.error({ err }, 'the database cannot be asked now');
    // It sends signals and hears none, so that it is never opened.
    const connect = () => Promise.resolve(new pg.Client({ ...database.connection }));
    const signals = new Signals({ db: database.db, connect, onError });
    const weights = new TenantWeights(database, onError);
    await weights.open();
    try {
      const work = await openWork(config, logger, { ...state, signals, weights });
      try {
        return await use({ ...state, work });
      } finally {
        await work.close();
        await state.audit.close();
      }
    } finally {
      weights.close();
    }
  });
}
