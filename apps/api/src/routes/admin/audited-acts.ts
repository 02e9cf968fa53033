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
  async perform<T>(
    acting: Acting,
    act: Act,
    work: (tx: Transaction) => Promise<T>,
    idOf?: (result: T) => string,
  ): Promise<T> {
    try {
      return await this.database.transaction(async (tx) => {
        const result = await work(tx);
        const object = idOf === undefined ? act.object : { ...act.object, id: idOf(result) };
        await this.audit.record(tx, {
          ...acting,
          ...act,
          object,
          result: 'success',
          status: act.status ?? 200,
        });
        return result;
      });
    } catch (error) {
      if (error instanceof DomainError && error.code !== 'SERVICE_UNAVAILABLE') {
        await this.refused(acting, act, error);
      }
      throw error;
    }
  }

  /** Records an attempt that failed. */
  async refused(acting: Acting, act: Act, error: DomainError): Promise<void> {
    await this.database.transaction((tx) =>
      this.audit.record(tx, {
        ...acting,
        ...act,
        result: 'refused',
        status: PROBLEMS[error.code].status,
      }),
    );
  }
}
