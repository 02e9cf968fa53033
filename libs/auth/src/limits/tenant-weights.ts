import type { Database } from '@app/database';
import { isTier, TIER_WEIGHTS } from '../tiers.js';
import { tenantsRepository } from '../tenants/tenants.repository.js';

const READ_EVERY_MS = 30_000;
const ROWS_AT_ONCE = 1_000;

/** Tenants' shares in the scheduler, held in memory. A change takes effect within half a minute. */
export class TenantWeights {
  private weights = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    /** Told when reading fails; what was read before stays in force. */
    private readonly onError: (error: unknown) => void,
  ) {}

  async open(): Promise<void> {
    await this.read();
    this.timer = setInterval(() => void this.read().catch(this.onError), READ_EVERY_MS);
    this.timer.unref();
  }

  close(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** The tenant's own weight; its caller's tier's for a tenant not read yet. */
  of(tenantId: string, tier: string): number {
    return this.weights.get(tenantId) ?? (isTier(tier) ? TIER_WEIGHTS[tier] : 1);
  }

  private async read(): Promise<void> {
    const weights = new Map<string, number>();
    for (let after: string | null = null; ;) {
      const rows = await tenantsRepository.list(this.database.db, after, ROWS_AT_ONCE);
      for (const { id, weight } of rows) weights.set(id, weight);
      after = rows.at(-1)?.id ?? null;
      if (rows.length < ROWS_AT_ONCE || after === null) break;
    }
    this.weights = weights;
  }
}
