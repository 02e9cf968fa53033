import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReply, ProbeCall } from './load-calls.js';
import { LoadTally } from './load-tally.js';
import { OneShotClient } from './one-shot-client.js';

/** What a platform's health check sees; in a process of its own, which no load delays. */
export async function probe({ url, perSecond, seconds }: ProbeCall): Promise<LoadReply> {
  const { origin, pathname } = new URL(url);
  const client = new OneShotClient(origin);
  const tally = new LoadTally(0, Number.POSITIVE_INFINITY);
  const start = performance.now();
  let pending = 0;
  for (let i = 0; i < perSecond * seconds; i++) {
    await sleep(Math.max(0, start + (i * 1000) / perSecond - performance.now()));
    pending++;
    client.send({ method: 'GET', path: pathname, body: null }, (reply) => {
      pending--;
      tally.settle(reply, 0);
    });
  }
  while (pending > 0) await sleep(20);
  await client.close();
  return tally.reply();
}
