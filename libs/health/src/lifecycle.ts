export type Phase = 'starting' | 'serving' | 'stopping';

/** Where the process is in its life; readiness and new work depend on it. */
export class Lifecycle {
  private current: Phase = 'starting';
  readonly startedAt = Date.now();

  get phase(): Phase {
    return this.current;
  }

  serving(): void {
    this.current = 'serving';
  }

  stopping(): void {
    this.current = 'stopping';
  }
}
