import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';

export interface JobState {
  readonly job_id: string;
  readonly status: string;
  readonly attempts: number;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly progress: { readonly current: number; readonly total: number; readonly failed: number };
}

export interface JobResult {
  readonly index: number;
  readonly prediction?: { readonly label: string; readonly score: number };
  readonly error?: { readonly code: string; readonly message: string };
}

/** A caller of the routes of jobs. */
export class JobsClient {
  constructor(
    readonly url: string,
    private readonly key: string | null = null,
  ) {}

  /** @throws Error with the answer, unless it is a success */
  async submit(body: object, headers: Record<string, string> = {}): Promise<string> {
    const accepted = await this.call('POST', '/jobs', { body, headers });
    if (accepted.status !== 202) throw unexpected('POST /jobs', accepted);
    return (accepted.body as { job_id: string }).job_id;
  }

  async get(id: string): Promise<JobState> {
    const answer = await this.call('GET', `/jobs/${id}`);
    if (answer.status !== 200) throw unexpected('GET /jobs/{id}', answer);
    return answer.body as JobState;
  }

  cancel(id: string): Promise<{ status: number; body: unknown }> {
    return this.call('DELETE', `/jobs/${id}`);
  }

  /** Every result there is, in the order they are sent. */
  async results(id: string): Promise<JobResult[]> {
    const { statusCode, body } = await request(`${this.url}/jobs/${id}/results?format=jsonl`, {
      headers: this.headers(),
    });
    const text = await body.text();
    if (statusCode !== 200) throw unexpected('results', { status: statusCode, body: text });
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as JobResult);
  }

  /** Predicts texts at once. */
  async predict(texts: readonly string[]): Promise<{ label: string; score: number }[]> {
    const answers: { label: string; score: number }[] = [];
    for (let from = 0; from < texts.length; from += 100) {
      const sentences = texts.slice(from, from + 100).map((sentence) => ({ sentence }));
      const answer = await this.call('POST', '/predict/batch', { body: { sentences } });
      if (answer.status !== 200) throw unexpected('POST /predict/batch', answer);
      answers.push(
        ...(answer.body as { predictions: { label: string; score: number }[] }).predictions,
      );
    }
    return answers;
  }

  /** Asks until the job has ended. Servers that are away are asked again. @throws Error in the end */
  async ended(id: string, timeoutMs: number): Promise<JobState> {
    const end = performance.now() + timeoutMs;
    for (;;) {
      const job = await this.get(id).catch(() => null);
      if (job !== null && job.status !== 'pending' && job.status !== 'processing') return job;
      if (performance.now() > end) throw new Error(`it did not end: ${JSON.stringify(job)}`);
      await sleep(250);
    }
  }

  async call(
    method: 'GET' | 'POST' | 'DELETE',
    route: string,
    { body, headers = {} }: { body?: object; headers?: Record<string, string> } = {},
  ): Promise<{ status: number; body: unknown }> {
    const answer = await request(this.url + route, {
      method,
      headers: {
        ...this.headers(),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      headersTimeout: 20_000,
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  private headers(): Record<string, string> {
    return this.key === null ? {} : { 'x-api-key': this.key };
  }
}

function unexpected(what: string, { status, body }: { status: number; body: unknown }): Error {
  return new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
}
