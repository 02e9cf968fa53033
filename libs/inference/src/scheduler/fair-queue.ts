import { LinkedQueue } from './linked-queue.js';
import type { WorkItem } from './work.js';

/** Most waiting items looked at when one batch is filled: bounds the cost of a pull. */
const CANDIDATES = 256;
/** Idle tenants kept before those that owe nothing are forgotten. */
const IDLE_TENANTS = 256;
const NOTHING_QUEUED: TenantQueue = { weight: 1, items: 0, tokens: 0 };

/**
 * What waits at one priority, shared fairly between tenants (start-time fair
 * queueing): each tenant's clock advances by tokens served ÷ weight and the
 * one furthest behind goes next. A tenant that returns after a pause starts at
 * the present, so idling earns no credit.
 */
export class FairQueue {
  private readonly tenants = new Map<string, Tenant>();
  private now = 0;
  items = 0;
  tokens = 0;
  /** Tenants that have something waiting. */
  private active = 0;
  /** Their weights together. */
  weight = 0;

  push(item: WorkItem): void {
    item.place = this.queueOf(item).push(item);
    this.count(item, 1);
  }

  /** Puts back an item that had left the queue through no fault of its own. */
  unshift(item: WorkItem): void {
    item.place = this.queueOf(item).unshift(item);
    this.count(item, 1);
  }

  remove(item: WorkItem): void {
    if (!item.place) return;
    this.queueOf(item).remove(item.place);
    item.place = null;
    this.count(item, -1);
  }

  /** Whether `more` tokens would stay within a bound; an empty queue takes anything. */
  hasRoom(more: number, maxTokens: number): boolean {
    return this.items === 0 || this.tokens + more <= maxTokens;
  }

  /** What is known of a tenant; undefined for one that has not come, or long ago. */
  tenant(id: string): TenantQueue | undefined {
    return this.tenants.get(id);
  }

  /**
   * About how many tokens are served before what a tenant queues now: its own and meanwhile the
   * others' by their weights, and an item of each of the others that may be as far behind as it
   * is, which the last served is not.
   */
  tokensAhead(tenant: TenantQueue | undefined): number {
    if (this.items === 0) return 0;
    const { items, tokens, weight } = tenant ?? NOTHING_QUEUED;
    const equals = Math.max(0, this.active - (items > 0 ? 2 : 1));
    return (tokens * this.weight) / weight + (equals * this.tokens) / this.items;
  }

  /** Where a tenant's clock will stand once all that it has waiting is served. */
  clockAfterAll(tenantId: string): number {
    const tenant = this.tenants.get(tenantId);
    return tenant ? Math.max(tenant.clock, this.now) + tenant.tokens / tenant.weight : this.now;
  }

  /** The oldest item of the tenant that is furthest behind; among equals, the oldest of all. */
  head(): WorkItem | undefined {
    let best: WorkItem | undefined;
    let bestClock = Infinity;
    for (const tenant of this.tenants.values()) {
      if (tenant.items === 0 || tenant.clock > bestClock) continue;
      const oldest = oldestOf(tenant);
      if (tenant.clock < bestClock || !best || (oldest && oldest.enqueuedAt < best.enqueuedAt)) {
        best = oldest;
        bestClock = tenant.clock;
      }
    }
    return best;
  }

  /** Waiting items that could share a batch with `head`: its tenant's first, then by who is furthest behind. */
  candidates(head: WorkItem): WorkItem[] {
    const own = this.tenantOf(head);
    const others = [...this.tenants.values()].filter((t) => t !== own && t.items > 0);
    const found: WorkItem[] = [];
    for (const tenant of [own, ...others.sort((a, b) => a.clock - b.clock)]) {
      for (const item of tenant.queues.get(head.submission.model.key) ?? []) {
        if (item === head) continue;
        if (found.length === CANDIDATES) return found;
        found.push(item);
      }
    }
    return found;
  }

  /** Bills a batch to the tenants in it. Its first item is the one that was due. */
  charge(batch: readonly WorkItem[]): void {
    const due = batch[0];
    if (due) this.now = Math.max(this.now, this.tenantOf(due).clock);
    for (const item of batch) {
      const weight = item.submission.context.weight ?? 1;
      this.tenantOf(item).clock += (item.length * item.units) / weight;
    }
  }

  *[Symbol.iterator](): IterableIterator<WorkItem> {
    for (const tenant of this.tenants.values()) {
      for (const queue of tenant.queues.values()) yield* queue;
    }
  }

  private count(item: WorkItem, sign: 1 | -1): void {
    const tenant = this.tenantOf(item);
    const tokens = sign * item.length * item.units;
    if (tenant.items === 0) {
      tenant.weight = item.submission.context.weight ?? 1;
      this.active++;
      this.weight += tenant.weight;
    }
    this.items += sign;
    this.tokens += tokens;
    tenant.items += sign;
    tenant.tokens += tokens;
    if (tenant.items > 0) return;
    this.active--;
    this.weight -= tenant.weight;
  }

  private queueOf(item: WorkItem): LinkedQueue<WorkItem> {
    const { queues } = this.tenantOf(item);
    const key = item.submission.model.key;
    let queue = queues.get(key);
    if (!queue) queues.set(key, (queue = new LinkedQueue()));
    return queue;
  }

  private tenantOf(item: WorkItem): Tenant {
    const id = item.submission.context.tenantId;
    let tenant = this.tenants.get(id);
    if (!tenant) {
      if (this.tenants.size >= IDLE_TENANTS) this.forgetIdle();
      tenant = { clock: this.now, weight: 1, items: 0, tokens: 0, queues: new Map() };
      this.tenants.set(id, tenant);
    } else if (tenant.items === 0 && tenant.clock < this.now) {
      tenant.clock = this.now;
    }
    return tenant;
  }

  private forgetIdle(): void {
    for (const [id, tenant] of this.tenants) {
      if (tenant.items === 0 && tenant.clock <= this.now) this.tenants.delete(id);
    }
  }
}

function oldestOf(tenant: Tenant): WorkItem | undefined {
  let oldest: WorkItem | undefined;
  for (const { head } of tenant.queues.values()) {
    if (head && (!oldest || head.enqueuedAt < oldest.enqueuedAt)) oldest = head;
  }
  return oldest;
}

/** What one tenant has waiting. */
export interface TenantQueue {
  /** As it was when the first of what waits came. */
  readonly weight: number;
  readonly items: number;
  readonly tokens: number;
}

interface Tenant extends TenantQueue {
  /** Virtual time: tokens served ÷ weight. */
  clock: number;
  weight: number;
  items: number;
  tokens: number;
  readonly queues: Map<string, LinkedQueue<WorkItem>>;
}
