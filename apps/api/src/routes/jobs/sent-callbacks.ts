import type { Deliveries } from '@app/deliveries';
import type { Notifications } from '@app/notifications';
import type { Webhooks } from '@app/webhooks';
import type { JobCallbacks } from './job-routes-options.js';

/** What the job routes ask of webhooks and mail, answered by those who send them. */
export function sentCallbacks({
  webhooks,
  deliveries,
  notifications,
}: {
  readonly webhooks: Pick<Webhooks, 'guard'>;
  readonly deliveries: Pick<Deliveries, 'list'>;
  readonly notifications: Pick<Notifications, 'accept'>;
}): JobCallbacks {
  return {
    assertUrl: (field, url) => webhooks.guard.accept(field, url),
    assertMail: (field, address) => notifications.accept(field, address),
    lastWebhook: async (tenantId, subjectId) => {
      const { rows } = await deliveries.list(tenantId, { kind: 'webhook', subjectId }, null, 1);
      const [last] = rows;
      if (last === undefined) return null;
      return { status: last.state, attempts: last.attempts, last_error: last.lastError };
    },
  };
}
