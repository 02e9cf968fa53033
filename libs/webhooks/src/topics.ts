/** What an endpoint can be told of. */
export const WEBHOOK_TOPICS = [
  'job.started',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.cancelled',
  'drift.alert',
  'model.rolled_back',
] as const;
export type WebhookTopic = (typeof WEBHOOK_TOPICS)[number];

/** How a job can end: what is told unless something else is asked for. */
export const DEFAULT_TOPICS: readonly WebhookTopic[] = [
  'job.completed',
  'job.failed',
  'job.cancelled',
];

/** Sent on request, to endpoints of any topics. */
export const TEST_TOPIC = 'webhook.test';
