import { Module, type DynamicModule } from '@nestjs/common';
import { Database } from '@app/database';
import { Deliveries } from '@app/deliveries';
import { Notifications } from '@app/notifications';
import { startEdgeApp, type EdgeApp } from '../../apps/api/src/http/testing/edge-app.js';
import { MailedPredictionsController } from '../../apps/api/src/routes/predictions/mailed-predictions.controller.js';
import { MailedPredictionsService } from '../../apps/api/src/routes/predictions/mailed-predictions.service.js';
import { PredictionsService } from '../../apps/api/src/routes/predictions/predictions.service.js';
import { DeliveryBench } from '../support/delivery-bench.js';

const ANSWER = {
  label: 'ABSENT',
  score: 0.98,
  model_label: 'ABSENT',
  prediction_time_ms: 3,
  request_id: 'req-a-b',
  model_version: '1.1.0',
  prediction_id: '0196f3a2-5b1c-7c3e-9f00-000000000001',
};

@Module({})
class MailedPredictions {
  static register(bench: DeliveryBench, asked: object[]): DynamicModule {
    const predict = (body: object) => {
      asked.push(body);
      return Promise.resolve({ ...ANSWER });
    };
    return {
      module: MailedPredictions,
      controllers: [MailedPredictionsController],
      providers: [
        MailedPredictionsService,
        { provide: PredictionsService, useValue: { predict } },
        { provide: Notifications, useValue: bench.notifications },
        { provide: Deliveries, useValue: bench.deliveries },
        { provide: Database, useValue: bench.fresh.database },
      ],
    };
  }
}

describe('POST /predict/simple', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function start(smtp?: { url: string; from: string }) {
    const bench = await DeliveryBench.open({ smtp });
    closing.push(() => bench.close());
    const asked: object[] = [];
    const edge: EdgeApp = await startEdgeApp([], {
      imports: [MailedPredictions.register(bench, asked)],
    });
    closing.push(() => edge.close());
    const post = async (body: object) => {
      const response = await fetch(`${edge.url}/predict/simple`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as object };
    };
    return { bench, asked, post };
  }

  it('answers as /predict and notes a mail that tells nothing of the text', async () => {
    const { bench, asked, post } = await start({ url: 'smtp://127.0.0.1:1', from: 'a@b.example' });
    const text = 'Ada Lovelace denies chest pain.';
    const answer = await post({ text, email: 'ward@hospital.example' });
    expect(answer).toEqual({ status: 200, body: { ...ANSWER, email_status: 'queued' } });
    expect(asked).toEqual([{ text }]);
    const { rows } = await bench.deliveries.list('default', { kind: 'email' }, null, 10);
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({
      topic: 'prediction.completed',
      subjectId: ANSWER.prediction_id,
      state: 'pending',
      payload: {
        label: 'ABSENT',
        score: 0.98,
        predicted_at: expect.stringMatching(/^\d{4}-.*Z$/),
        request_id: 'req-a-b',
        model_version: '1.1.0',
      },
    });
    expect(JSON.stringify(rows)).not.toMatch(/Lovelace|chest/);
    expect(bench.deliveries.destinationOf(rows[0]!)).toBe('ward@hospital.example');
  });

  it('predicts nothing when the answer cannot be mailed', async () => {
    const { asked, post } = await start();
    const refused = await post({ text: 'No fever.', email: 'ward@hospital.example' });
    expect(refused).toMatchObject({
      status: 422,
      body: {
        detail: expect.stringContaining('SMTP_URL'),
        errors: [{ field: 'email', code: 'mail_not_configured' }],
      },
    });
    expect(asked).toEqual([]);
  });

  it('refuses what is no single address', async () => {
    const { asked, post } = await start({ url: 'smtp://127.0.0.1:1', from: 'a@b.example' });
    for (const email of ['ward', 'a@b.example,c@d.example', 'a@b.example\r\nBcc: c@d.example']) {
      expect(await post({ text: 'No fever.', email })).toMatchObject({
        status: 422,
        body: { errors: [{ field: 'email' }] },
      });
    }
    expect((await post({ text: 'No fever.' })).status).toBe(422);
    expect(asked).toEqual([]);
  });
});
