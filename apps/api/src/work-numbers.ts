import { SLICE_QUEUE } from '@app/jobs';
import {
  CachedReading,
  type QueueEntries,
  type Reading,
  type WorkLoad,
  type WorkReadings,
} from '@app/observability';
import { DELIVERY_QUEUE } from '../../worker/src/processors/deliveries.processor.js';
import type { Work } from './open-work.js';

/** Jobs, deliveries and queues in numbers that are some seconds old: for metrics and health. */
export class WorkNumbers implements WorkReadings {
  private readonly tables: CachedReading<WorkLoad>;
  private readonly queues: CachedReading<QueueEntries>;

  /** @param onError told when the numbers could not be read; the last ones stay */
  constructor(
    work: Pick<Work, 'jobs' | 'deliveries' | 'queues'>,
    onError: (error: unknown) => void,
  ) {
    this.tables = new CachedReading(() => loadOf(work), { onError });
    this.queues = new CachedReading(() => entriesOf(work), { onError });
  }

  load(): Promise<Reading<WorkLoad> | null> {
    return this.tables.get();
  }

  entries(): Promise<Reading<QueueEntries> | null> {
    return this.queues.get();
  }
}

async function loadOf({ jobs, deliveries }: Pick<Work, 'jobs' | 'deliveries'>): Promise<WorkLoad> {
  // One after the other: numbers take one connection of the pool, not two.
  const ofJobs = await jobs.load();
  const { counts, due, oldestDueSeconds } = await deliveries.load();
  const { waiting, admitted, running } = ofJobs.slices;
  return {
    ...ofJobs,
    slices: { waiting, admitted, running },
    deliveries: counts,
    due,
    oldestDueSeconds,
  };
}

async function entriesOf({ queues }: Pick<Work, 'queues'>): Promise<QueueEntries> {
  const counted = [SLICE_QUEUE, DELIVERY_QUEUE].map(async (name) => {
    const { waiting, delayed, active, failed } = await queues.queue(name).counts();
    return [name, { waiting, delayed, active, failed }] as const;
  });
  return Object.fromEntries(await Promise.all(counted));
}
