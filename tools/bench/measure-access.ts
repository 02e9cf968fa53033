import type { ServedModel } from './served.js';
import type { ServerProcess } from './server-process.js';
import { spread, type Spread } from './stats.js';

export interface AccessMeasurements {
  /** Sentences a second, callers showing a key that is looked up and counted. */
  readonly withKey: Spread;
  /** Sentences a second of callers who need none, from the same server. */
  readonly without: Spread;
}

/** What identifying callers and counting their requests costs: rounds of each, taking turns. */
export async function measureAccess(
  served: ServedModel,
  key: string,
  rounds: number,
  warmSeconds: number,
  seconds: number,
): Promise<AccessMeasurements> {
  const withKey: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push((await served.predictions(warmSeconds, seconds)).rate);
    withKey.push((await served.predictions(warmSeconds, seconds, key)).rate);
  }
  return { withKey: spread(withKey), without: spread(without) };
}

/** A key without limits of its own, made as an administrator would. */
export async function unlimitedKey(server: ServerProcess, password: string): Promise<string> {
  const credentials = { username: 'admin', password };
  const { access_token: token } = await post<{ access_token: string }>(
    `${server.origin}/auth/login`,
    credentials,
  );
  const limits = { per_minute: null, per_day: null, concurrent: null };
  const request = { name: 'bench', tier: 'enterprise', permissions: ['predict'], limits };
  const { api_key: key } = await post<{ api_key: string }>(
    `${server.origin}/admin/api-keys`,
    request,
    token,
  );
  return key;
}

async function post<Answer>(url: string, body: object, token?: string): Promise<Answer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return (await response.json()) as Answer;
}
