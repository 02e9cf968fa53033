import { DomainError } from '@app/common';

/** Most bulk submissions that may wait for room; beyond it something is wrong with the callers. */
const MAX_WAITING = 1024;

/**
 * Makes bulk callers wait their turn instead of refusing them: they are jobs
 * that have time, and a refusal would only make them ask again.
 */
export class BulkGate {
  private readonly waiters: Waiter[] = [];

  /** @param hasRoom whether a submission of this many tokens may be queued now */
  constructor(private readonly hasRoom: (tokens: number) => boolean) {}

  get waiting(): number {
    return this.waiters.length;
  }

  /**
   * Calls `queue` once there is room, in order of arrival. It must queue its
   * items before it returns, since the next caller is weighed right after.
   * @throws the signal's reason when the caller gives up first
   */
  enter(tokens: number, signal: AbortSignal, queue: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.waiters.length >= MAX_WAITING) {
        const message = 'Too much bulk work is waiting already; retry later.';
        reject(new DomainError('OVERLOADED', message, { retryAfterSeconds: 5 }));
        return;
      }
      const giveUp = () => {
        this.waiters.splice(this.waiters.indexOf(waiter), 1);
        reject(signal.reason as Error);
        this.admit();
      };
      const waiter: Waiter = {
        tokens,
        admit: () => {
          signal.removeEventListener('abort', giveUp);
          queue();
          resolve();
        },
        reject: (error) => {
          signal.removeEventListener('abort', giveUp);
          reject(error);
        },
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.waiters.push(waiter);
      this.admit();
    });
  }

  /** To be called whenever bulk work has left the queue. */
  admit(): void {
    for (let next = this.waiters[0]; next && this.hasRoom(next.tokens); next = this.waiters[0]) {
      this.waiters.shift();
      next.admit();
    }
  }

  /** Turns everybody away. */
  close(error: DomainError): void {
    for (const waiter of this.waiters.splice(0)) waiter.reject(error);
  }
}

interface Waiter {
  readonly tokens: number;
  readonly admit: () => void;
  readonly reject: (error: DomainError) => void;
}
