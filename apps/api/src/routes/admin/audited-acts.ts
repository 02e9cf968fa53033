import { Injectable } from '@nestjs/common';
import { AuditLog, type AuditEvent } from '@app/audit';
import { DomainError } from '@app/common';
import { Database, type Transaction } from '@app/database';
import { PROBLEMS } from '../../http/filters/problem-table.js';
import type { Acting } from './acting.js';

/** What is done to what. */
export interface Act extends Pick<AuditEvent, 'action' | 'object' | 'patientId'> {
  /** HTTP status when it succeeds; 200 by default. */
  readonly status?: number;
}

/** Runs what has to be provable later, together with its entry in the audit log. */
@Injectable()
export class AuditedActs {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditLog,
  ) {}

  /**
   * Does `work` and records it in the same transaction, so that neither is
   * there without the other. An attempt that was refused is recorded too.
   * @param idOf the object's id, when only the result tells it
   */
  perform<T>(
    acting: Acting,
    act: Act,
    work: (tx: Transaction) => Promise<T>,
    idOf?: (result: T) => string,
  ): Promise<T> {
    return this.attempt(acting, act, work, (result) =>
      idOf === undefined ? {} : { object: { ...act.object, id: idOf(result) } },
    );
  }

  /**
   * As `perform`, for work whose refusal changes something too: a DomainError
   * that it returns is recorded and committed with it, and then thrown.
   * @param told what only the result tells: who acted, on what
   */
  async attempt<T>(
    acting: Acting,
    act: Act,
    work: (tx: Transaction) => Promise<T | DomainError>,
    told: (result: T) => Partial<Acting & Pick<Act, 'object'>>,
  ): Promise<T> {
    let outcome: T | DomainError;
    try {
      outcome = await this.database.transaction(async (tx) => {
        const result = await work(tx);
        if (result instanceof DomainError) {
          await this.recordRefusal(tx, acting, act, result);
        } else {
          const { object = act.object, ...who } = told(result);
          await this.done(tx, { ...acting, ...who }, { ...act, object });
        }
        return result;
      });
    } catch (error) {
      if (error instanceof DomainError && error.code !== 'SERVICE_UNAVAILABLE') {
        await this.refused(acting, act, error);
      }
      throw error;
    }
    if (outcome instanceof DomainError) throw outcome;
    return outcome;
  }

  /** Records what a transaction has done beside its main act. */
  async done(tx: Transaction, acting: Acting, act: Act): Promise<void> {
    const status = act.status ?? 200;
    await this.audit.record(tx, { ...acting, ...act, result: 'success', status });
  }

  /** Records an attempt that failed before it came to a transaction. */
  async refused(acting: Acting, act: Act, error: DomainError): Promise<void> {
    await this.database.transaction((tx) => this.recordRefusal(tx, acting, act, error));
  }

  private async recordRefusal(
    tx: Transaction,
    acting: Acting,
    act: Act,
    { code }: DomainError,
  ): Promise<void> {
    const status = PROBLEMS[code].status;
    await this.audit.record(tx, { ...acting, ...act, result: 'refused', status });
  }
}
