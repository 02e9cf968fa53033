import { refusalError, type Admission, type Principal, type RateLimits } from '@app/auth';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import type { Allowance } from './allowance.js';
import { setLimitHeaders, setRefusalHeaders } from './limit-headers.js';

/** Asking what is left must be possible when nothing is left. */
const UNCOUNTED: ReadonlySet<string> = new Set(['/rate-limit/status']);

/**
 * Lets a caller in whom the access guard has identified, as far as their
 * limits allow, and says on every answer where they stand. Callers that need
 * no key have no limits.
 */
export class LimitsGate {
  constructor(private readonly limits: RateLimits) {}

  /**
   * @returns a promise only when limits are shared with other processes
   * @throws DomainError RATE_LIMIT_EXCEEDED or QUOTA_EXCEEDED
   */
  admit(principal: Principal, request: EdgeRequest, response: EdgeResponse): void | Promise<void> {
    if (principal.kind === 'anonymous' || UNCOUNTED.has(request.route?.path ?? '')) return;
    const admission = this.limits.admit(principal);
    if (admission instanceof Promise) {
      return admission.then((late) => this.conclude(late, principal, response));
    }
    this.conclude(admission, principal, response);
  }

  private conclude(admission: Admission, principal: Principal, response: EdgeResponse): void {
    setLimitHeaders(response, principal, admission.tightest);
    if (admission.refusal !== null) {
      setRefusalHeaders(response, admission.refusal);
      throw refusalError(admission.refusal);
    }
    response.scope.allowance = new PrincipalAllowance(this.limits, principal, admission);
    // Whoever left while another process was asked is not there to give their place back.
    if (response.scope.clientGone) admission.release();
  }
}

class PrincipalAllowance implements Allowance {
  constructor(
    private readonly limits: RateLimits,
    private readonly principal: Principal,
    private readonly admission: Admission,
  ) {}

  chargeItems(count: number): void | Promise<void> {
    return this.limits.chargeItems(this.principal, count);
  }

  chargeTokens(count: number): void | Promise<void> {
    return this.limits.chargeTokens(this.principal, count);
  }

  release(): void {
    this.admission.release();
  }
}
