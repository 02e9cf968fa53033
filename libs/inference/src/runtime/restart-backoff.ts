const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 10_000;
/** A lane that was up this long did not end because of how it started. */
const HEALTHY_AFTER_MS = 60_000;

/** How long to wait before each restart: not at all once, then ever longer while restarts do not help. */
export class RestartBackoff {
  private failures = 0;

  /** @param upMs how long the lane was ready before it ended; 0 if it never was */
  nextDelayMs(upMs: number): number {
    if (upMs >= HEALTHY_AFTER_MS) this.failures = 0;
    const delay =
      this.failures === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.failures - 1));
    this.failures++;
    return delay;
  }
}
