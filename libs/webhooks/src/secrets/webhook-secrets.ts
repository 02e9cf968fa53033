import { newId } from '@app/common';
import type { Queryable, Transaction } from '@app/database';
import type { FieldCipher, FieldPlace } from '@app/encryption';
import { and, desc, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';
import { webhookSecrets } from '../webhooks.schema.js';
import { newSecret } from './secret-text.js';

/** A secret without its text. */
export interface SecretInfo {
  readonly id: string;
  readonly createdAt: Date;
  /** When a replaced one stops signing; null for the present one. */
  readonly expiresAt: Date | null;
}

export interface IssuedSecret extends SecretInfo {
  /** Shown once. */
  readonly secret: string;
}

/** How long a replaced secret goes on signing beside its successor unless told otherwise. */
const OVERLAP_SECONDS = 24 * 3_600;

type SecretRow = typeof webhookSecrets.$inferSelect;

/** What a tenant's webhooks are signed with: one secret, and during a rotation its predecessor too. */
export class WebhookSecrets {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly now: () => number,
  ) {}

  /** Those that sign now, without their texts; the present one first. */
  list(db: Queryable, tenantId: string): Promise<SecretInfo[]> {
    return this.rows(db, tenantId);
  }

  /** Those that sign now, as text; the present one first. Empty when the tenant has none yet. */
  async signing(db: Queryable, tenantId: string): Promise<string[]> {
    const rows = await this.rows(db, tenantId);
    return rows.map(({ id, secret }) => this.cipher.decrypt(placeOf(id), secret));
  }

  /** Makes a tenant's first secret; null when there is one already. */
  async ensure(tx: Transaction, tenantId: string): Promise<IssuedSecret | null> {
    await lock(tx, tenantId);
    const [present] = await this.rows(tx, tenantId);
    return present === undefined ? this.issue(tx, tenantId) : null;
  }

  /** A new secret; the one before goes on signing beside it for the overlap. */
  async rotate(
    tx: Transaction,
    tenantId: string,
    overlapSeconds = OVERLAP_SECONDS,
  ): Promise<IssuedSecret> {
    await lock(tx, tenantId);
    const now = new Date(this.now());
    const ofTenant = eq(webhookSecrets.tenantId, tenantId);
    await tx.delete(webhookSecrets).where(and(ofTenant, lte(webhookSecrets.expiresAt, now)));
    await tx
      .update(webhookSecrets)
      .set({ expiresAt: new Date(now.getTime() + overlapSeconds * 1_000) })
      .where(and(ofTenant, isNull(webhookSecrets.expiresAt)));
    return this.issue(tx, tenantId);
  }

  private async issue(tx: Transaction, tenantId: string): Promise<IssuedSecret> {
    const id = newId();
    const secret = newSecret();
    const createdAt = new Date(this.now());
    await tx.insert(webhookSecrets).values({
      id,
      tenantId,
      secret: this.cipher.encrypt(placeOf(id), secret),
      createdAt,
    });
    return { id, secret, createdAt, expiresAt: null };
  }

  private rows(db: Queryable, tenantId: string): Promise<SecretRow[]> {
    const now = new Date(this.now());
    return db
      .select()
      .from(webhookSecrets)
      .where(
        and(
          eq(webhookSecrets.tenantId, tenantId),
          or(isNull(webhookSecrets.expiresAt), gt(webhookSecrets.expiresAt, now)),
        ),
      )
      .orderBy(desc(webhookSecrets.createdAt), desc(webhookSecrets.id));
  }
}

/** Two who make a tenant's first secret at once would leave it with two. */
async function lock(tx: Transaction, tenantId: string): Promise<void> {
  await tx.execute(
    sql`select pg_advisory_xact_lock(hashtextextended(${`webhook_secrets:${tenantId}`}, 0))`,
  );
}

function placeOf(id: string): FieldPlace {
  return { table: 'webhook_secrets', column: 'secret', row: id };
}
