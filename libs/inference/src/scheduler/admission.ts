import { DomainError } from '@app/common';
import type { Runtime } from '../runtime/runtime.js';
import type { Backlog } from './backlog.js';
import type { FairQueue, TenantQueue } from './fair-queue.js';
import type { LaneForecast } from './lane-forecast.js';
import type { RefusalReason, SchedulerObserver, SchedulerOptions } from './scheduler-options.js';
import { closing, deadlinePassed } from './submission.js';
import type { SubmitContext } from './work.js';

/** Places beyond those that anybody may fill, as a part of them, for tenants within their share. */
const RESERVE = 1 / 8;

/** Decides at once, from counts alone, whether an interactive caller may queue. */
export class Admission {
  constructor(
    private readonly runtime: Runtime,
    private readonly queue: FairQueue,
    private readonly backlog: Backlog,
    private readonly forecast: LaneForecast,
    private readonly options: SchedulerOptions,
    private readonly observer: SchedulerObserver,
  ) {}

  /** Why a caller may not queue so much now; null when it may. */
  refusal(
    { tenantId, deadline }: Pick<SubmitContext, 'tenantId' | 'deadline'>,
    items: number,
    tokens: number,
  ): DomainError | null {
    return this.refusalOf(this.queue.tenant(tenantId), deadline, items, tokens);
  }

  /**
   * The refusal whoever asks would get now, whatever the deadline; null where some caller would
   * be let in. A tenant that is not named may be one that nobody has seen, and is due a place.
   */
  refusalOfAll(tenantId?: string): DomainError | null {
    const tenant = tenantId === undefined ? undefined : this.queue.tenant(tenantId);
    return this.refusalOf(tenant, Infinity, 1, 0);
  }

  refuse(reason: RefusalReason, waitMs: number): DomainError {
    this.observer.onRefused?.(reason);
    if (reason === 'closing') return closing();
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new DomainError(
      'OVERLOADED',
      `The service has more work queued than it can finish in time; retry after ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  }

  /** @param tenant undefined for any that has nothing queued */
  private refusalOf(
    tenant: TenantQueue | undefined,
    deadline: number,
    items: number,
    tokens: number,
  ): DomainError | null {
    const { queue, options } = this;
    const timeLeft = deadline - options.now();
    if (timeLeft <= 0) return deadlinePassed();
    const wait = this.estimatedWaitMs(tenant);
    const patience = queue.items === 0 ? timeLeft : Math.min(timeLeft, options.maxQueueWaitMs);
    if (wait > patience) return this.refuse('wait_too_long', wait);
    if (queue.items === 0) return null;
    return this.isFull(tenant, items, tokens) ? this.refuse('queue_full', wait) : null;
  }

  /** Milliseconds until a lane would begin with what the tenant queues now. */
  private estimatedWaitMs(tenant: TenantQueue | undefined): number {
    let ready = 0;
    let soonest = Infinity;
    for (const lane of this.runtime.lanes) {
      if (!lane.ready) continue;
      ready++;
      soonest = Math.min(soonest, this.forecast.remainingMs(lane));
    }
    const all = this.backlog.estimateMs(ready);
    const ahead = this.queue.tokensAhead(tenant);
    if (ahead >= this.backlog.tokens) return all;
    return Math.min(all, (ready === 0 ? 0 : soonest) + all * (ahead / this.backlog.tokens));
  }

  private isFull(tenant: TenantQueue | undefined, items: number, tokens: number): boolean {
    const { queue } = this;
    const { maxQueuedItems, maxQueuedTokens } = this.options;
    const allItems = queue.items + items;
    const allTokens = queue.tokens + tokens;
    if (allItems <= maxQueuedItems && allTokens <= maxQueuedTokens) return false;
    const more = 1 + RESERVE;
    if (allItems > maxQueuedItems * more || allTokens > maxQueuedTokens * more) return true;
    if (!tenant || tenant.items === 0) return false;
    const share = tenant.weight / queue.weight;
    return (
      tenant.items + items > share * maxQueuedItems ||
      tenant.tokens + tokens > share * maxQueuedTokens
    );
  }
}
