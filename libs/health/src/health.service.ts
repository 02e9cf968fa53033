import { DomainError, type Probe, type ProbeResult } from '@app/common';
import type { HealthCheckService, HealthIndicatorService } from '@nestjs/terminus';
import { type HealthCheckResult, type HealthIndicatorFunction } from '@nestjs/terminus';
import type { Lifecycle } from './lifecycle.js';

/** One probe's answer and what it took. */
export interface Check extends ProbeResult {
  readonly critical: boolean;
  readonly responseTimeMs: number;
  readonly checkedAt: Date;
}

export interface HealthReport {
  /** The worst of all checks. */
  readonly status: ProbeResult['status'];
  /** Whether the service can still answer predictions: what the HTTP status says. */
  readonly serving: boolean;
  readonly uptimeSeconds: number;
  readonly checks: Readonly<Record<string, Check>>;
}

/** A probe that takes longer is unhealthy: whoever asks for health has no time. */
const PROBE_TIMEOUT_MS = 2_000;

/** Answers load balancers (live, ready, startup) and people (the full report). Never enqueues work. */
export class HealthService {
  constructor(
    private readonly terminus: HealthCheckService,
    private readonly indicators: HealthIndicatorService,
    private readonly lifecycle: Lifecycle,
    private readonly probes: readonly Probe[],
  ) {}

  /** The process answers; nothing else is asked, so that a slow dependency never restarts it. */
  live(): Promise<HealthCheckResult> {
    return this.terminus.check([() => this.indicators.check('process').up()]);
  }

  /** Models have been loaded and proven once. @throws DomainError SERVICE_UNAVAILABLE before that */
  started(): Promise<HealthCheckResult> {
    return this.orUnavailable([this.phaseIs((phase) => phase !== 'starting')]);
  }

  /** Requests may be sent here now. @throws DomainError SERVICE_UNAVAILABLE naming what is missing */
  ready(): Promise<HealthCheckResult> {
    const critical = this.probes.filter((probe) => probe.critical);
    return this.orUnavailable([
      this.phaseIs((phase) => phase === 'serving'),
      ...critical.map((probe) => () => this.indicate(probe)),
    ]);
  }

  async report(): Promise<HealthReport> {
    const named = await Promise.all(
      this.probes.map(async (probe) => [probe.name, await run(probe)] as const),
    );
    const results = named.map(([, check]) => check);
    const worst = (['unhealthy', 'degraded'] as const).find((status) =>
      results.some((check) => check.status === status),
    );
    return {
      status: worst ?? 'healthy',
      serving: !results.some((check) => check.critical && check.status === 'unhealthy'),
      uptimeSeconds: (Date.now() - this.lifecycle.startedAt) / 1000,
      checks: Object.fromEntries(named),
    };
  }

  private phaseIs(accept: (phase: Lifecycle['phase']) => boolean): HealthIndicatorFunction {
    return () => {
      const { phase } = this.lifecycle;
      const indicator = this.indicators.check('lifecycle');
      return accept(phase) ? indicator.up({ phase }) : indicator.down(`the service is ${phase}`);
    };
  }

  private async indicate(probe: Probe) {
    const { status, message } = await run(probe);
    const indicator = this.indicators.check(probe.name);
    if (status === 'unhealthy') return indicator.down(message);
    return status === 'degraded' ? indicator.degraded(message) : indicator.up({ message });
  }

  private async orUnavailable(checks: HealthIndicatorFunction[]): Promise<HealthCheckResult> {
    try {
      return await this.terminus.check(checks);
    } catch (error) {
      throw new DomainError('SERVICE_UNAVAILABLE', 'The service is not ready; see details.', {
        retryAfterSeconds: 1,
        details: failedChecks(error),
        cause: error,
      });
    }
  }
}

async function run(probe: Probe): Promise<Check> {
  const checkedAt = new Date();
  const started = performance.now();
  const result = await withTimeout(probe);
  const responseTimeMs = performance.now() - started;
  return { ...result, critical: probe.critical, responseTimeMs, checkedAt };
}

async function withTimeout(probe: Probe): Promise<ProbeResult> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<ProbeResult>((resolve) => {
    const message = `no answer within ${PROBE_TIMEOUT_MS} ms`;
    timer = setTimeout(() => resolve({ status: 'unhealthy', message }), PROBE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([probe.check(), tooLate]);
  } catch {
    return { status: 'unhealthy', message: 'the check itself failed' };
  } finally {
    clearTimeout(timer);
  }
}

/** The failed part of what terminus throws. */
function failedChecks(error: unknown): Record<string, unknown> {
  const response = (error as { response?: { error?: Record<string, unknown> } }).response;
  return response?.error ?? {};
}
