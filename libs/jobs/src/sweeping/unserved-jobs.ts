/** Longer than workers take to be started again. */
const LONGEST_RESTART_MS = 60_000;
/** Looks further apart than this say nothing of the time between them. */
const LONGEST_GAP_MS = 30_000;

/**
 * Remembers from look to look which jobs no worker serves. It is not kept anywhere: after
 * an outage, when workers come back one after another, the time begins anew.
 */
export class UnservedJobs {
  private since = new Map<string, number>();
  private lookedAt = -Infinity;

  /**
   * @param unserved open jobs whose model version no live worker serves now
   * @returns those of them that have been so at every look for longer than a restart takes
   */
  overdue<Job extends { readonly id: string }>(unserved: readonly Job[], now: Date): Job[] {
    const at = now.getTime();
    const before = at - this.lookedAt <= LONGEST_GAP_MS ? this.since : new Map<string, number>();
    this.lookedAt = at;
    this.since = new Map(unserved.map(({ id }) => [id, before.get(id) ?? at]));
    return unserved.filter(({ id }) => at - (this.since.get(id) ?? at) > LONGEST_RESTART_MS);
  }
}
