import { invalidField } from '@app/common';
import type { Transaction } from '@app/database';
import type { AttemptOutcome, Deliveries, DeliveryRow } from '@app/deliveries';
import { checkMailAddress } from './mail-address.js';
import { smtpOutcome } from './smtp/smtp-error.js';
import { SmtpMailer, type SmtpOptions } from './smtp/smtp-mailer.js';
import { mailOf } from './templates/mail-of.js';

export interface NotificationsOptions {
  /** Null when the operator has set no mail server. */
  readonly smtp: SmtpOptions | null;
  readonly deliveries: Deliveries;
}

/** What somebody is to be told by mail. */
export interface MailNotice {
  readonly tenantId: string;
  /** `job.completed`, `job.failed`, `job.cancelled` or `prediction.completed`. */
  readonly topic: string;
  readonly subjectId?: string;
  /** One that `accept` let through. */
  readonly address: string;
  /** Ids, counts, times and labels; no patient data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Mails to those who asked to be told of something. */
export class Notifications {
  private readonly mailer: SmtpMailer | null;

  constructor(private readonly options: NotificationsOptions) {
    this.mailer = options.smtp === null ? null : new SmtpMailer(options.smtp);
  }

  /**
   * Checks an address as a request gives it, and that there is a way to reach it.
   * @throws DomainError VALIDATION_ERROR that names the field
   */
  accept(field: string, address: string): void {
    if (this.mailer === null) {
      throw invalidField(
        field,
        'mail_not_configured',
        `${field} cannot be used: this installation sends no mail. Leave it out, or have the operator set SMTP_URL and MAIL_FROM.`,
      );
    }
    checkMailAddress(field, address);
  }

  /** Notes a mail. Once the transaction is through, `deliveries.wake` has it sent. @returns the delivery's id */
  tell(tx: Transaction, notice: MailNotice): Promise<string> {
    const { tenantId, topic, subjectId, address, data } = notice;
    const intent = { tenantId, kind: 'email', topic, subjectId } as const;
    return this.options.deliveries.enqueue(tx, {
      ...intent,
      destination: address,
      payload: data,
    });
  }

  /** Makes one attempt at a delivery. Rejects only when `signal` aborts. */
  async attempt(delivery: DeliveryRow, signal: AbortSignal): Promise<AttemptOutcome> {
    const to = this.options.deliveries.destinationOf(delivery);
    const mail = mailOf(delivery.topic, delivery.payload);
    if (to === null || mail === null) {
      return { kind: 'failed', status: null, error: 'There is no such mail, or nobody to get it.' };
    }
    if (this.mailer === null) {
      return { kind: 'retry', status: null, error: 'SMTP_URL is not set where mails are sent.' };
    }
    try {
      await this.mailer.send({ id: delivery.id, to, ...mail }, signal);
      return { kind: 'delivered', status: null };
    } catch (error) {
      signal.throwIfAborted();
      return smtpOutcome(error);
    }
  }

  close(): void {
    this.mailer?.close();
  }
}
