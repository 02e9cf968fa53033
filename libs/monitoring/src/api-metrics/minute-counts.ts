import { DURATION_STEPS, stepOf } from './duration-steps.js';

/** One answered request. */
export interface ApiRequest {
  /** Null when nobody was let in. */
  readonly tenantId: string | null;
  readonly method: string;
  /** The pattern that matched, never the URL. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** Requests of one minute that are alike. */
export class RequestCount {
  requests = 0;
  totalMs = 0;
  maxMs = 0;
  /** By step of duration. */
  readonly durations = new Array<number>(DURATION_STEPS).fill(0);
  /** Whether all of this is in the database. */
  saved = false;

  constructor(
    readonly tenantId: string,
    readonly method: string,
    readonly route: string,
    readonly status: number,
  ) {}

  add(ms: number): void {
    const step = stepOf(ms);
    this.requests++;
    this.totalMs += ms;
    if (ms > this.maxMs) this.maxMs = ms;
    this.durations[step] = (this.durations[step] ?? 0) + 1;
    this.saved = false;
  }
}

type ByTenant = Map<string, RequestCount>;
type ByStatus = Map<number, ByTenant>;
type ByMethod = Map<string, ByStatus>;

/** The counts of one minute. */
export class MinuteCounts {
  readonly all: RequestCount[] = [];
  /** By route, method, status and tenant: looking these up costs less than making a key of them. */
  private readonly byRoute = new Map<string, ByMethod>();

  constructor(
    /** Ms since 1970. */
    readonly start: number,
  ) {}

  /** The count that a request belongs to, made when there is none. */
  of({ tenantId, method, route, status }: ApiRequest): RequestCount {
    const tenant = tenantId ?? '';
    const known = this.byRoute.get(route)?.get(method)?.get(status)?.get(tenant);
    if (known !== undefined) return known;
    const count = new RequestCount(tenant, method, route, status);
    this.all.push(count);
    const byMethod: ByMethod = this.byRoute.get(route) ?? new Map<string, ByStatus>();
    const byStatus: ByStatus = byMethod.get(method) ?? new Map<number, ByTenant>();
    const byTenant: ByTenant = byStatus.get(status) ?? new Map<string, RequestCount>();
    this.byRoute.set(route, byMethod);
    byMethod.set(method, byStatus);
    byStatus.set(status, byTenant);
    byTenant.set(tenant, count);
    return count;
  }
}
