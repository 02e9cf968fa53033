import { SLICE_QUEUE } from '@app/jobs';
import type { ShownQueue } from '@app/queues';
import { DELIVERY_QUEUE } from '../../../../worker/src/processors/deliveries.processor.js';

/** What the board shows. */
export const SHOWN_QUEUES: readonly ShownQueue[] = [
  {
    name: SLICE_QUEUE,
    description:
      'An entry is a slice of a job that may run now. What is left to do stands in the tables: lost entries come back by themselves.',
  },
  {
    name: DELIVERY_QUEUE,
    description:
      'An entry is an attempt at a webhook or a mail, due now or later. A failed entry is one that was given up; retried, it is sent again.',
  },
];
