import autocannon from 'autocannon';
import type { ClosedLoopCall, LoadReply } from './load-calls.js';
import { REQUEST_HEADERS } from './request-headers.js';
import { LoadTally } from './load-tally.js';

/** Connections share the items out among them, so no two send the same text at a time. */
export async function closedLoop(call: ClosedLoopCall): Promise<LoadReply> {
  const { url, items, connections, amount, key } = call;
  const headers = { ...REQUEST_HEADERS, ...(key === undefined ? {} : { 'x-api-key': key }) };
  const [warmSeconds, seconds] =
    amount === undefined ? [call.warmSeconds, call.seconds] : [0, Infinity];
  const start = performance.now();
  const from = start + warmSeconds * 1000;
  const tally = new LoadTally(from, from + seconds * 1000);
  let clients = 0;
  const result = await autocannon({
    url,
    connections,
    ...(amount === undefined ? { duration: warmSeconds + seconds } : { amount }),
    timeout: 60,
    setupClient: (client) => {
      const first = clients++;
      const own = items.filter((_, i) => i % connections === first % connections);
      client.setRequests(
        own.map(({ body }) => ({ method: 'POST', headers: { ...headers }, body })),
      );
      // Without pipelining a client's answers come in the order of its requests.
      let answered = 0;
      client.on('response', (status, _bytes, latency) => {
        const tokens = own[answered++ % own.length]?.tokens ?? 0;
        tally.answer(status, latency, tokens, performance.now());
      });
    },
  });
  for (let i = 0; i < result.errors; i++) tally.failure(new Error('connection error'));
  return amount === undefined ? tally.reply() : tally.replySince(start);
}
