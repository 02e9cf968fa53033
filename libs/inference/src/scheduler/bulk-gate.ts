import { DomainError } from '@app/common';

/** Most bulk submissions that may wait for room; beyond it something is wrong with the callers. */
const MAX_WAITING = 1024;

/**
 * Makes bulk callers wait their turn instead of refusing them: they are jobs
 * that have time, and a refusal would only make them ask again.
 */
export class BulkGate {
  /** In order of arrival, by tenant. */
  private readonly waiters = new Map<string, Waiter[]>();
  /** Submissions that wait. */
  waiting = 0;

  /**
   * @param hasRoom whether a submission of this many tokens may be queued now
   * @param clockOf how much a tenant has been let in for its weight; the one with least is next
   */
  constructor(
    private readonly hasRoom: (tokens: number) => boolean,
    private readonly clockOf: (tenantId: string) => number,
  ) {}

  /**
   * Calls `queue` once there is room and it is the tenant's turn, a tenant's own in order of
   * arrival. It must queue its items before it returns, since the next caller is weighed right after.
   * @throws the signal's reason when the caller gives up first
   */
  enter(tenantId: string, tokens: number, signal: AbortSignal, queue: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.waiting >= MAX_WAITING) {
        const message = 'Too much bulk work is waiting already; retry later.';
        reject(new DomainError('OVERLOADED', message, { retryAfterSeconds: 5 }));
        return;
      }
      const giveUp = () => {
        this.remove(waiter);
        reject(signal.reason as Error);
        this.admit();
      };
      const waiter: Waiter = {
        tenantId,
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
      this.add(waiter);
      this.admit();
    });
  }

  /** To be called whenever bulk work has left the queue. */
  admit(): void {
    for (let next = this.next(); next && this.hasRoom(next.tokens); next = this.next()) {
      this.remove(next);
      next.admit();
    }
  }

  /** Turns everybody away. */
  close(error: DomainError): void {
    for (const waiter of [...this.waiters.values()].flat()) {
      this.remove(waiter);
      waiter.reject(error);
    }
  }

  private next(): Waiter | undefined {
    let best: Waiter | undefined;
    let lowest = Infinity;
    for (const [tenantId, [first]] of this.waiters) {
      const clock = this.clockOf(tenantId);
      if (clock >= lowest) continue;
      best = first;
      lowest = clock;
    }
    return best;
  }

  private add(waiter: Waiter): void {
    const own = this.waiters.get(waiter.tenantId);
    if (own) own.push(waiter);
    else this.waiters.set(waiter.tenantId, [waiter]);
    this.waiting++;
  }

  private remove(waiter: Waiter): void {
    const own = this.waiters.get(waiter.tenantId) ?? [];
    own.splice(own.indexOf(waiter), 1);
    if (own.length === 0) this.waiters.delete(waiter.tenantId);
    this.waiting--;
  }
}

interface Waiter {
  readonly tenantId: string;
  readonly tokens: number;
  readonly admit: () => void;
  readonly reject: (error: DomainError) => void;
}
