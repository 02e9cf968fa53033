import type { ReadableStream } from 'node:stream/web';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchError } from './batch-error.js';
import { retryWaitMs } from './retry-wait.js';

export interface ServiceRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Made anew for every try. */
  readonly body?: () => string | ReadableStream<Uint8Array>;
  readonly signal?: AbortSignal;
}

/** Answers of a service that is away, starting, or has too much to do. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 499, 502, 503, 504]);

/** Somebody who waits is told why, once an outage. */
export type OnTrouble = (what: string | null) => void;

/** Asks the service, again and again while it is away. */
export class ServiceClient {
  private failures = 0;
  private lastAnswer = performance.now();

  constructor(
    readonly url: string,
    private readonly key: string | undefined,
    private readonly patienceMs: number,
    private readonly onTrouble: OnTrouble = () => undefined,
  ) {}

  /** @throws BatchError when the service refuses, or stays away too long */
  async json<T>(path: string, request: ServiceRequest = {}): Promise<T> {
    return this.use(path, request, async (answer) => (await answer.json()) as T);
  }

  /**
   * Asks until `read` has read an answer to its end; it begins anew with each try.
   * @param path or what tells it anew for every try
   * @throws BatchError as `json`
   */
  async use<T>(
    path: string | (() => Promise<string>),
    request: ServiceRequest,
    read: (answer: Response) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      let retryAfter: string | null = null;
      let trouble: string;
      try {
        const target = typeof path === 'string' ? path : await path();
        const answer = await this.once(target, request);
        if (answer.ok) {
          const result = await read(answer);
          this.succeeded();
          return result;
        }
        if (!PASSING.has(answer.status)) throw await refusal(answer);
        retryAfter = answer.headers.get('retry-after');
        trouble = `the service answered ${answer.status}`;
        await answer.body?.cancel();
      } catch (error) {
        if (error instanceof BatchError || request.signal?.aborted === true) throw error;
        trouble = `the service cannot be reached (${reasonOf(error)})`;
      }
      await this.waitAfter(trouble, retryAfter, request.signal);
    }
  }

  /** One try, whatever comes of it. */
  once(path: string, { method, headers, body, signal }: ServiceRequest): Promise<Response> {
    const content = body?.();
    return fetch(this.url + path, {
      method,
      headers: { ...headers, ...(this.key !== undefined && { 'x-api-key': this.key }) },
      body: content,
      signal,
      // Streams cannot be read from while they are written otherwise.
      ...(content !== undefined && { duplex: 'half' }),
    });
  }

  /** To be told of what was read outside of `use`. */
  succeeded(): void {
    if (this.failures > 0) this.onTrouble(null);
    this.failures = 0;
    this.lastAnswer = performance.now();
  }

  /** @throws BatchError when the service has been away for too long */
  async waitAfter(trouble: string, retryAfter: string | null, signal?: AbortSignal): Promise<void> {
    this.failures++;
    this.onTrouble(trouble);
    if (performance.now() - this.lastAnswer > this.patienceMs) {
      throw new BatchError(
        `${trouble}, for longer than --patience allows. Run the same command again to go on.`,
      );
    }
    await sleep(retryWaitMs(this.failures, retryAfter), undefined, { signal });
  }
}

/** What a problem answer says, in its own words. */
async function refusal(answer: Response): Promise<BatchError> {
  const problem = (await answer.json().catch(() => ({}))) as {
    detail?: string;
    error_code?: string;
  };
  const code = problem.error_code ?? `status ${answer.status}`;
  return new BatchError(
    `The service refused (${code}): ${problem.detail ?? 'it did not say why.'}`,
    answer.status,
  );
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as Error;
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? message;
}
