/** A tenant with slices that wait. */
export interface WaitingTenant<Slice extends WaitingSlice> {
  readonly tenantId: string;
  /** Its share relative to others'; above 0. */
  readonly weight: number;
  /** In the order they are to be admitted. */
  readonly slices: readonly Slice[];
}

export interface WaitingSlice {
  /** The model version that its workers have to serve. */
  readonly model: string;
  readonly items: number;
}

export interface FairChoice<Slice> {
  /** In the order they are admitted. */
  readonly slices: readonly Slice[];
  /** What tenants have had afterwards; whoever is not named is new when it comes again. */
  readonly shares: ReadonlyMap<string, number>;
}

/**
 * Chooses up to `room` slices: always the next one of the tenant that has had
 * least by its weight. Who comes new begins where the least served waiting tenant
 * is, so that nobody catches up on time in which they wanted nothing. Who has
 * nothing waiting is remembered as long as it has had more than those who wait:
 * otherwise one slice after another would each be a newcomer's.
 * @param had items admitted so far, by weight, of tenants that are remembered
 * @param rooms how many of them may be of one model version; as many as `room` of one that it does not name
 */
export function chooseFairly<Slice extends WaitingSlice>(
  tenants: readonly WaitingTenant<Slice>[],
  had: ReadonlyMap<string, number>,
  room: number,
  rooms: ReadonlyMap<string, number> = new Map(),
): FairChoice<Slice> {
  const known = tenants.flatMap(({ tenantId }) => had.get(tenantId) ?? []);
  const start = leastOf(known.length > 0 ? known : [...had.values()]);
  const served = new Map(tenants.map(({ tenantId }) => [tenantId, had.get(tenantId) ?? start]));
  const queues = tenants.map((tenant) => ({ ...tenant, next: 0 }));
  const slices: Slice[] = [];
  const left = new Map(rooms);
  while (slices.length < room) {
    let best: (typeof queues)[number] | null = null;
    for (const queue of queues) {
      while (!hasRoom(queue.slices[queue.next])) queue.next++;
      if (queue.next >= queue.slices.length) continue;
      if (best === null || servedOf(queue.tenantId) < servedOf(best.tenantId)) best = queue;
    }
    const slice = best?.slices[best.next];
    if (best === null || slice === undefined) break;
    best.next++;
    slices.push(slice);
    left.set(slice.model, (left.get(slice.model) ?? room) - 1);
    served.set(best.tenantId, servedOf(best.tenantId) + slice.items / best.weight);
  }
  const least = leastOf([...served.values()]);
  const ahead = [...had].filter(([id, share]) => !served.has(id) && share > least);
  return { slices, shares: new Map([...served, ...ahead]) };

  /** Of none that is left, too. */
  function hasRoom(slice: Slice | undefined): boolean {
    return slice === undefined || (left.get(slice.model) ?? room) > 0;
  }

  function servedOf(tenantId: string): number {
    return served.get(tenantId) ?? start;
  }
}

function leastOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.min(...values);
}
