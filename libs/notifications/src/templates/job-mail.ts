import { PayloadReader } from './payload-reader.js';
import { renderMail, type RenderedMail } from './rendered-mail.js';

const ENDS: Readonly<Record<string, string>> = {
  completed: 'is completed',
  failed: 'has failed',
  cancelled: 'was cancelled',
};
const COUNT = new Intl.NumberFormat('en');

/** Tells how a job ended, from the data that its webhook carries. */
export function jobMail(payload: unknown): RenderedMail {
  const data = new PayloadReader(payload);
  const status = data.text('status');
  const end = ENDS[status] ?? `is ${status}`;
  const counts = data.part('counts');
  const [total, done, failed] = ['total', 'done', 'failed'].map((name) =>
    COUNT.format(counts.number(name) ?? 0),
  );
  const message = data.part('error').text('message');
  const url = data.text('result_url');
  const absolute = /^https?:\/\//.test(url);
  return renderMail({
    subject: `Your job ${end}: ${done} of ${total} items`,
    opening: `Your job ${end}.`,
    facts: [
      ['Job', data.text('job_id')],
      ['Items', `${done} of ${total} answered, ${failed} of them with an error of their own`],
      ...(message === '' ? [] : [['Reason', message] as const]),
      ...(absolute || url === '' ? [] : [['Results', url] as const]),
    ],
    ...(absolute ? { link: { label: 'Results (sign-in needed)', url } } : {}),
    closing:
      'This message holds no patient data. You get it because your address was given when the job was submitted.',
  });
}
