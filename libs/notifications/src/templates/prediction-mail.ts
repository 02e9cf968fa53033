import { PayloadReader } from './payload-reader.js';
import { renderMail, type RenderedMail } from './rendered-mail.js';

/** What the mail about a single prediction tells: the answer, and nothing of the text that was judged. */
export interface PredictionNotice {
  readonly label: string;
  /** 0–1. */
  readonly score: number;
  /** ISO 8601. */
  readonly predicted_at: string;
  readonly request_id: string;
  readonly model_version: string;
}

export function predictionMail(payload: unknown): RenderedMail {
  const data = new PayloadReader(payload);
  const score = data.number('score');
  return renderMail({
    subject: `Your prediction is ready (${data.text('request_id')})`,
    opening: 'The prediction you asked for:',
    facts: [
      ['Label', data.text('label')],
      ['Score', score === null ? '' : score.toFixed(4)],
      ['Time', data.text('predicted_at')],
      ['Request', data.text('request_id')],
      ['Model version', data.text('model_version')],
    ],
    closing:
      'This message holds neither the text nor other patient data; the request id names it in your own records.',
  });
}
