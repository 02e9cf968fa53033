import type { Database } from '@app/database';
import type { Signals } from '@app/signals';
import { gt } from 'drizzle-orm';
import { tokenFamilies } from '../auth.schema.js';
import type { AccessClaims } from './access-token.js';
import { ACCESS_TOKEN_SECONDS } from './token-lifetimes.js';

const TOPIC = 'auth.session.ended';
/** Beyond this an access token has expired by itself. */
const RELEVANT_MS = (ACCESS_TOKEN_SECONDS + 60) * 1000;

/**
 * Sign-ins that ended while access tokens of theirs were still valid. Held in
 * memory, so that no request asks the database; other instances hear of an end
 * through signals.
 */
export class AccessRevocations {
  private readonly ended = new Map<string, number>();

  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
  ) {
    signals.on(TOPIC, (sessionId) => this.note(sessionId, Date.now()));
  }

  /** Reads what ended before this instance started to listen. */
  async open(): Promise<void> {
    const rows = await this.database.db
      .select({ id: tokenFamilies.id, revokedAt: tokenFamilies.revokedAt })
      .from(tokenFamilies)
      .where(gt(tokenFamilies.revokedAt, new Date(Date.now() - RELEVANT_MS)));
    for (const { id, revokedAt } of rows) this.note(id, revokedAt?.getTime() ?? Date.now());
  }

  /** Here at once, on all other instances within two seconds. */
  async announceSession(sessionId: string): Promise<void> {
    this.refuse(sessionId);
    await this.tell(sessionId);
  }

  /** Here at once. */
  refuse(sessionId: string): void {
    this.note(sessionId, Date.now());
  }

  /** Makes all other instances refuse it within two seconds. */
  tell(sessionId: string): Promise<void> {
    return this.signals.send(TOPIC, sessionId);
  }

  isEnded({ sessionId }: AccessClaims): boolean {
    return this.ended.has(sessionId);
  }

  private note(sessionId: string, at: number): void {
    this.ended.set(sessionId, at);
    // Oldest first, since they are noted as they end.
    for (const [id, since] of this.ended) {
      if (Date.now() - since < RELEVANT_MS) break;
      this.ended.delete(id);
    }
  }
}
