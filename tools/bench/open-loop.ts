import { setTimeout as sleep } from 'node:timers/promises';
import type { LoadReply, OpenLoopCall } from './load-calls.js';
import { LoadTally } from './load-tally.js';
import { OneShotClient } from './one-shot-client.js';
import { quantiles } from './stats.js';

/** Kept-alive connections that stand open when the load begins. */
const MOST_OPENED = 2500;

/** Sends on time and waits until every request is answered or has failed. */
export async function openLoop(call: OpenLoopCall): Promise<LoadReply> {
  const { origin, pathname } = new URL(call.url);
  const client = new OneShotClient(origin);
  // About a second's worth: what a server under test refuses or answers late.
  const connections = Math.min(MOST_OPENED, Math.ceil(call.rate));
  await client.open(connections, { method: 'GET', path: '/health/live', body: null });
  const gap = (): number => (-Math.log(1 - Math.random()) * 1000) / call.rate;

  const start = performance.now();
  const from = start + call.warmSeconds * 1000;
  const until = from + call.seconds * 1000;
  const tally = new LoadTally(from, until);
  const lags: number[] = [];
  let pending = 0;
  let sent = 0;
  for (let due = start + gap(); due < until;) {
    const now = performance.now();
    for (; due <= now && due < until; due += gap()) {
      const item = call.items[sent++ % call.items.length];
      if (!item) throw new Error('an open loop needs at least one item');
      lags.push(now - due);
      pending++;
      client.send({ method: 'POST', path: pathname, body: item.body }, (reply) => {
        pending--;
        tally.settle(reply, item.tokens);
      });
    }
    await sleep(1);
  }
  while (pending > 0) await sleep(20);
  await client.close();
  return tally.reply(quantiles(lags));
}
