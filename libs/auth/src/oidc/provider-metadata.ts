import { DomainError } from '@app/common';

/** Keys and endpoints change rarely; a provider that moved is found again after this. */
const FRESH_MS = 3600_000;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;

/**
 * A provider's metadata, asked for when it is first needed: a provider that is
 * away keeps nobody else from starting or signing in. One question at a time;
 * after a failure the next waits, twice as long each time, and what is known
 * from before goes on being used.
 */
export class ProviderMetadata<T> {
  private known: { readonly value: T; readonly at: number } | null = null;
  private failures = 0;
  private retryAt = -Infinity;
  private asking: Promise<T> | null = null;

  constructor(
    private readonly ask: () => Promise<T>,
    /** Told of every failure; the callers are told no more than that there was one. */
    private readonly onFailure: (error: unknown) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** @throws DomainError SERVICE_UNAVAILABLE while the provider cannot be asked and never could */
  async get(): Promise<T> {
    const { known } = this;
    if (known !== null && this.now() - known.at < FRESH_MS) return known.value;
    if (known !== null) {
      // Nobody has to wait for news of what is probably unchanged.
      if (this.now() >= this.retryAt) this.refresh().catch(() => undefined);
      return known.value;
    }
    if (this.now() < this.retryAt) throw providerAway((this.retryAt - this.now()) / 1000);
    return this.refresh();
  }

  private refresh(): Promise<T> {
    this.asking ??= this.askOnce().finally(() => (this.asking = null));
    return this.asking;
  }

  private async askOnce(): Promise<T> {
    try {
      const value = await this.ask();
      this.known = { value, at: this.now() };
      this.failures = 0;
      return value;
    } catch (error) {
      const wait = Math.min(FIRST_WAIT_MS * 2 ** this.failures++, LONGEST_WAIT_MS);
      this.retryAt = this.now() + wait;
      this.onFailure(error);
      throw providerAway(wait / 1000);
    }
  }
}

export function providerAway(retryAfterSeconds: number): DomainError {
  return new DomainError(
    'SERVICE_UNAVAILABLE',
    'The identity provider cannot be reached at the moment. Try again shortly, or sign in with user name and password.',
    { retryAfterSeconds },
  );
}
