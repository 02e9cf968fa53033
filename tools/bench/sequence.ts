import type { LoadReply, SequenceCall } from './load-calls.js';
import { LoadTally } from './load-tally.js';
import { OneShotClient, type Reply } from './one-shot-client.js';

/** Latency of a server that has nothing else to do. */
export async function sequence({ url, items }: SequenceCall): Promise<LoadReply> {
  const { origin, pathname } = new URL(url);
  const client = new OneShotClient(origin);
  const tally = new LoadTally(0, Number.POSITIVE_INFINITY);
  for (const { body, tokens } of items) {
    const reply = await new Promise<Reply | Error>((resolve) =>
      client.send({ method: 'POST', path: pathname, body }, resolve),
    );
    tally.settle(reply, tokens);
  }
  await client.close();
  return tally.reply();
}
