import { eventually } from '../support/eventually.js';
import { MailServer } from '../support/mail-server.js';
import { Service } from '../support/service.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';

const ADDRESS = 'ward@hospital.example';

describe('a service that tells of what it did', () => {
  let mail: MailServer;
  let receiver: WebhookReceiver;
  let service: Service;

  beforeAll(async () => {
    mail = await MailServer.start();
    receiver = await WebhookReceiver.start();
    service = await Service.start({
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      MAIL_FROM: 'Clinserve <noreply@hospital.example>',
      WEBHOOK_ALLOW_PRIVATE: 'true',
      PUBLIC_URL: 'https://ai.example.org',
    });
  });
  afterAll(async () => {
    await service.stop();
    await receiver.down();
    await mail.close();
  });

  it('tells of the end of a job by signed webhooks and by mail, without a word of its texts', async () => {
    const made = await service.post('/webhooks/endpoints', { url: receiver.url });
    const { secret } = (await made.json()) as { secret: string };
    const submitted = await service.post('/jobs', {
      model: 'clinical-assertion',
      inputs: ['The patient denies chest pain.', 'Possible pneumonia.'],
      callback_url: `${receiver.url}/of-the-job`,
      notify_email: ADDRESS,
    });
    const { job_id: id } = (await submitted.json()) as { job_id: string };
    await eventually(() => receiver.received.length === 2 && mail.mails.length === 1);
    expect(receiver.received.map(({ path }) => path).sort()).toEqual([
      '/hooks',
      '/hooks/of-the-job',
    ]);
    for (const message of receiver.received) {
      expect(verified(secret, message, Date.now())).toMatchObject({
        type: 'job.completed',
        data: {
          job_id: id,
          status: 'completed',
          result_url: `https://ai.example.org/jobs/${id}/results`,
          counts: { total: 2, done: 2, failed: 0 },
          error: null,
        },
      });
    }
    expect(mail.mails[0]).toMatchObject({ to: [ADDRESS], raw: expect.stringContaining(id) });
    const told = JSON.stringify([receiver.received, mail.mails]);
    expect(told).not.toMatch(/chest|pneumonia/i);
  });

  it('mails a single prediction without its text', async () => {
    const answer = await service.post('/predict/simple', {
      text: 'The patient denies chest pain.',
      email: ADDRESS,
    });
    expect(answer.status).toBe(200);
    const { label, request_id: requestId } = (await answer.json()) as Record<string, string>;
    expect(label).toBe('ABSENT');
    const mine = () => mail.mails.find(({ raw }) => raw.includes(String(requestId)));
    await eventually(() => mine() !== undefined);
    expect(mine()?.raw).toContain('Label: ABSENT');
    expect(mine()?.raw).not.toMatch(/chest/i);
  });
});
