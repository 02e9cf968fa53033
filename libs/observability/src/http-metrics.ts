import { Counter, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { getOrMake } from './get-or-make.js';
import { LabelLimit } from './label-limit.js';

/** One answered request. */
export interface RequestObservation {
  readonly method: string;
  /** The pattern that matched, never the URL: labels must stay few. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

interface Series {
  readonly requests: Counter.Internal;
  readonly duration: Histogram.Internal<'method' | 'route' | 'status'>;
}

const LABELS = ['method', 'route', 'status'] as const;
// From a cached answer to the longest run; 1 s is the alert's limit.
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** `http_requests_total` and `http_request_duration_seconds`. */
export class HttpMetrics {
  private readonly requests: Counter<(typeof LABELS)[number]>;
  private readonly duration: Histogram<(typeof LABELS)[number]>;
  private readonly routes = new LabelLimit();
  private readonly methods = new LabelLimit();
  /** By route, then method, then status: looking a child up costs less than making its key. */
  private readonly series = new Map<string, Map<string, Map<number, Series>>>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.requests = new Counter({
      name: 'http_requests_total',
      help: 'Requests answered, by method, route pattern and status.',
      labelNames: LABELS,
      registers,
    });
    this.duration = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the first byte of a request to the end of its answer, in seconds.',
      labelNames: LABELS,
      buckets: SECONDS,
      registers,
    });
  }

  observe({ method, route, status, seconds }: RequestObservation): void {
    const series = this.seriesOf(this.methods.fold(method), this.routes.fold(route), status);
    series.requests.inc();
    series.duration.observe(seconds);
  }

  private seriesOf(method: string, route: string, status: number): Series {
    const byMethod = getOrMake(this.series, route, () => new Map<string, Map<number, Series>>());
    const byStatus = getOrMake(byMethod, method, () => new Map<number, Series>());
    return getOrMake(byStatus, status, () => ({
      requests: this.requests.labels(method, route, String(status)),
      duration: this.duration.labels(method, route, String(status)),
    }));
  }
}
