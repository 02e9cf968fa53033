import { Injectable } from '@nestjs/common';
import type { RequestContext } from '@app/common';
import { Database } from '@app/database';
import { Deliveries } from '@app/deliveries';
import { Notifications, type PredictionNotice } from '@app/notifications';
import type { MailedPredictRequest, MailedPredictResponse } from './mailed-predict.dto.js';
import { PredictionsService } from './predictions.service.js';
import type { PredictionReply } from './prediction-reply.js';

/** Predicts as /predict does, and has the answer mailed. */
@Injectable()
export class MailedPredictionsService {
  constructor(
    private readonly predictions: PredictionsService,
    private readonly notifications: Notifications,
    private readonly deliveries: Deliveries,
    private readonly database: Database,
  ) {}

  /** @throws DomainError VALIDATION_ERROR when there is no way to mail */
  async predict(
    { email, ...body }: MailedPredictRequest,
    context: RequestContext,
    reply: PredictionReply,
  ): Promise<MailedPredictResponse> {
    this.notifications.accept('email', email);
    const answer = await this.predictions.predict(body, context, reply);
    const notice: PredictionNotice = {
      label: answer.label,
      score: answer.score,
      predicted_at: new Date().toISOString(),
      request_id: answer.request_id,
      model_version: answer.model_version,
    };
    const id = await this.database.transaction((tx) =>
      this.notifications.tell(tx, {
        tenantId: context.tenantId,
        topic: 'prediction.completed',
        subjectId: answer.prediction_id,
        address: email,
        data: { ...notice },
      }),
    );
    await this.deliveries.wake([id]);
    return Object.assign(answer, { email_status: 'queued' as const });
  }
}
