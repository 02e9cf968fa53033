import { Worker } from './calls.js';
import type { LoadCall, LoadItem, LoadReply } from './load-calls.js';
import type { ServerProcess } from './server-process.js';
import { spread, type Spread } from './stats.js';

const CONNECTIONS = 64;
const WARM_SECONDS = 0.5;

export interface HttpMeasurements {
  /** Requests a second. */
  readonly floor: Spread;
  /** The route alone: guard, validation, answer, headers and metrics. */
  readonly route: Spread;
  /** With tokens and the scheduler as well. */
  readonly service: Spread;
}

/** POST /predict without a model, against the least node:http can do. */
export async function measureHttp(
  servers: Readonly<Record<keyof HttpMeasurements, ServerProcess>>,
  sentences: readonly string[],
  rounds: number,
  seconds: number,
): Promise<HttpMeasurements> {
  const worker = Worker.start<LoadCall, LoadReply>('load-worker');
  // An item counts as one request, not as its tokens: none are computed.
  const items: LoadItem[] = sentences.map((sentence) => ({
    body: JSON.stringify({ sentence }),
    tokens: 1,
  }));
  const rate = async ({ origin }: ServerProcess): Promise<number> => {
    const reply = await worker.call({
      kind: 'closed',
      url: `${origin}/predict`,
      items,
      connections: CONNECTIONS,
      warmSeconds: WARM_SECONDS,
      seconds,
    });
    if (reply.statuses['200'] !== reply.answers) {
      throw new Error(`answers other than 200: ${JSON.stringify(reply.statuses)}`);
    }
    return reply.tokens / reply.seconds;
  };

  try {
    const floor: number[] = [];
    const route: number[] = [];
    const service: number[] = [];
    for (let round = 0; round < rounds; round++) {
      floor.push(await rate(servers.floor));
      route.push(await rate(servers.route));
      service.push(await rate(servers.service));
    }
    return { floor: spread(floor), route: spread(route), service: spread(service) };
  } finally {
    worker.stop();
  }
}
