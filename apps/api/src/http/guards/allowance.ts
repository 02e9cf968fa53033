/** What the limits of a request's caller leave to it. */
export interface Allowance {
  /**
   * Counts items of a batch or a job, before the work.
   * @throws DomainError QUOTA_EXCEEDED; nothing is counted then
   */
  chargeItems(count: number): void | Promise<void>;
  /** Counts generated tokens. @throws DomainError QUOTA_EXCEEDED; nothing is counted then */
  chargeTokens(count: number): void | Promise<void>;
  /** Called when the request has been answered or its client has gone. */
  release(): void;
}
