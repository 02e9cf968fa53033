import type { JobWebhookResponse } from './jobs.dto.js';

/** What the job routes need to know of this installation. */
export interface JobRoutesOptions {
  /** Before the paths of links; null means links are relative. */
  readonly publicUrl: string | null;
  /** Most inputs that come with a request. */
  readonly maxInlineItems: number;
  /** Between two signs of life of a stream of events; 15 s by default. */
  readonly heartbeatMs?: number;
  /** Between two looks at the place of a job that waits, for those who follow it; 5 s by default. */
  readonly positionMs?: number;
}

/** Injection token of the JobRoutesOptions. */
export const JOB_ROUTES_OPTIONS = Symbol('JOB_ROUTES_OPTIONS');

/** What the job routes ask of those who send webhooks and mail. */
export interface JobCallbacks {
  /** @throws DomainError VALIDATION_ERROR on `field` when the URL may not be called */
  assertUrl(field: string, url: string): Promise<void>;
  /** @throws DomainError VALIDATION_ERROR on `field` when no mail is sent, or none to this address */
  assertMail(field: string, address: string): void;
  /** How the job's last webhook fares; null when there was none. */
  lastWebhook(tenantId: string, jobId: string): Promise<JobWebhookResponse | null>;
}

/** Injection token of the application's JobCallbacks. */
export const JOB_CALLBACKS = Symbol('JOB_CALLBACKS');
