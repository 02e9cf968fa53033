import { mailOf } from './mail-of.js';

const JOB = {
  job_id: '0196f3a2-5b1c-7c3e-9f00-000000000001',
  status: 'completed',
  result_url: 'https://ai.example.org/jobs/1/results',
  counts: { total: 12000, done: 12000, failed: 3 },
  error: null,
};

describe('mails', () => {
  it('tell how a job ended, in text and in HTML', () => {
    const mail = mailOf('job.completed', JOB);
    expect(mail?.subject).toBe('Your job is completed: 12,000 of 12,000 items');
    expect(mail?.text).toContain(`Job: ${JOB.job_id}\nItems: 12,000 of 12,000 answered, 3 of them`);
    expect(mail?.text).toContain(`\n${JOB.result_url}\n`);
    expect(mail?.html).toContain(`<a href="${JOB.result_url}">`);
  });

  it('tell why a job failed, and show a relative path as text', () => {
    const error = { code: 'MODEL_NOT_FOUND', message: 'The model was retired.' };
    const failed = { ...JOB, status: 'failed', error, result_url: '/jobs/1/results' };
    const mail = mailOf('job.failed', failed);
    expect(mail?.subject).toMatch(/^Your job has failed/);
    expect(mail?.text).toContain('Reason: The model was retired.\nResults: /jobs/1/results');
    expect(mail?.html).not.toContain('<a ');
  });

  it('tell of a cancelled job', () => {
    const cancelled = { ...JOB, status: 'cancelled', counts: { total: 10, done: 4, failed: 0 } };
    expect(mailOf('job.cancelled', cancelled)?.subject).toBe(
      'Your job was cancelled: 4 of 10 items',
    );
  });

  it('tell a prediction', () => {
    const mail = mailOf('prediction.completed', {
      label: 'ABSENT',
      score: 0.98765,
      predicted_at: '2026-11-21T12:00:00.000Z',
      request_id: 'req-a-b',
      model_version: '1.0.0',
    });
    expect(mail?.text).toContain(
      'Label: ABSENT\nScore: 0.9877\nTime: 2026-11-21T12:00:00.000Z\nRequest: req-a-b\nModel version: 1.0.0\n',
    );
  });

  it('take nothing of what they are given for HTML or for a header', () => {
    const id = '<script>alert("1")</script>\r\nBcc: x@y.example';
    const mail = mailOf('prediction.completed', { request_id: id });
    expect(mail?.html).not.toContain('<script');
    expect(mail?.html).toContain('&lt;script&gt;alert(&quot;1&quot;)');
    expect(mail?.subject).not.toMatch(/[\r\n]/);
  });

  it('are not there for other topics', () => expect(mailOf('drift.alert', {})).toBeNull());
});
