import { jobMail } from './job-mail.js';
import { predictionMail } from './prediction-mail.js';
import type { RenderedMail } from './rendered-mail.js';

/** Topics that there are mails for. */
const TEMPLATES: Readonly<Record<string, (payload: unknown) => RenderedMail>> = {
  'job.completed': jobMail,
  'job.failed': jobMail,
  'job.cancelled': jobMail,
  'prediction.completed': predictionMail,
};

export function mailOf(topic: string, payload: unknown): RenderedMail | null {
  return TEMPLATES[topic]?.(payload) ?? null;
}
