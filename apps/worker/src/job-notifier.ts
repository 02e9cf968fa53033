import type { Transaction } from '@app/database';
import type { Deliveries } from '@app/deliveries';
import type { FieldCipher } from '@app/encryption';
import type { JobNotifier, JobRow, JobTopic } from '@app/jobs';
import { isFinished } from '@app/jobs';
import type { Notifications } from '@app/notifications';
import type { Webhooks } from '@app/webhooks';

export interface JobNotifierOptions {
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  readonly cipher: FieldCipher;
  /** Where callers reach the service, without a trailing slash; null makes links relative. */
  readonly publicUrl: string | null;
}

/** A job's progress is told no more often than this: receivers need no film of it. */
const PROGRESS_MS = 10_000;

/** Tells a job's owner of it: by the tenant's endpoints, the job's callback URL, and mail. */
export class DeliveringJobNotifier implements JobNotifier {
  constructor(private readonly options: JobNotifierOptions) {}

  async announce(tx: Transaction, job: JobRow, topic: JobTopic): Promise<string[]> {
    const { deliveries, webhooks, notifications } = this.options;
    if (topic === 'job.progress' && (await deliveries.notedWithin(tx, job.id, topic, PROGRESS_MS)))
      return [];
    const { tenantId, id: subjectId } = job;
    const data = this.dataOf(job);
    const event = { tenantId, topic, subjectId, data };
    const ids = await webhooks.announce(tx, event);
    const url = this.opened(job, 'callbackUrl', 'callback_url');
    if (url !== null && job.callbackEvents.includes(topic)) {
      ids.push(await webhooks.tell(tx, event, { destination: url }));
    }
    const address = isFinished(job.status) ? this.opened(job, 'notifyEmail', 'notify_email') : null;
    if (address !== null) ids.push(await notifications.tell(tx, { ...event, address }));
    return ids;
  }

  wake(deliveryIds: readonly string[]): void {
    void this.options.deliveries.wake(deliveryIds);
  }

  /** Of the job, ids and counts only. */
  private dataOf(job: JobRow): Readonly<Record<string, unknown>> {
    const { id, status, total, done, failed, error } = job;
    return {
      job_id: id,
      status,
      result_url: `${this.options.publicUrl ?? ''}/jobs/${id}/results`,
      counts: { total, done, failed },
      error,
    };
  }

  private opened(job: JobRow, field: 'callbackUrl' | 'notifyEmail', column: string): string | null {
    const envelope = job[field];
    if (envelope === null) return null;
    return this.options.cipher.decrypt({ table: 'jobs', column, row: job.id }, envelope);
  }
}
