/** A tenant with slices that wait, and what it has had so far. */
export interface WaitingTenant<Slice extends WaitingSlice> {
  readonly tenantId: string;
  /** Its share relative to others'; above 0. */
  readonly weight: number;
  /** Items admitted so far by weight; null for one that is new or was idle. */
  readonly served: number | null;
  /** In the order they are to be admitted. */
  readonly slices: readonly Slice[];
}

export interface WaitingSlice {
  readonly items: number;
}

export interface FairChoice<Slice> {
  /** In the order they are admitted. */
  readonly slices: readonly Slice[];
  /** What every waiting tenant has had afterwards. */
  readonly served: ReadonlyMap<string, number>;
}

/**
 * Chooses up to `room` slices: always the next one of the tenant that has had
 * least by its weight. Who comes new begins where the least served active tenant
 * is, so that nobody catches up on time in which they wanted nothing.
 * @param activeServed what tenants have had that have work but nothing waiting
 */
export function chooseFairly<Slice extends WaitingSlice>(
  tenants: readonly WaitingTenant<Slice>[],
  activeServed: readonly number[],
  room: number,
): FairChoice<Slice> {
  const known = tenants.flatMap(({ served }) => (served === null ? [] : [served]));
  const start = leastOf([...known, ...activeServed]);
  const served = new Map(tenants.map((t) => [t.tenantId, t.served ?? start]));
  const queues = tenants.map((tenant) => ({ ...tenant, next: 0 }));
  const slices: Slice[] = [];
  while (slices.length < room) {
    let best: (typeof queues)[number] | null = null;
    for (const queue of queues) {
      if (queue.next >= queue.slices.length) continue;
      if (best === null || servedOf(queue.tenantId) < servedOf(best.tenantId)) best = queue;
    }
    const slice = best?.slices[best.next];
    if (best === null || slice === undefined) break;
    best.next++;
    slices.push(slice);
    served.set(best.tenantId, servedOf(best.tenantId) + slice.items / best.weight);
  }
  return { slices, served };

  function servedOf(tenantId: string): number {
    return served.get(tenantId) ?? start;
  }
}

function leastOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.min(...values);
}
