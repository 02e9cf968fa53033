import { Injectable } from '@nestjs/common';
import { DomainError, invalidField, type RequestContext } from '@app/common';
import {
  Deliveries,
  type DeliveryAttemptRow,
  type DeliveryFilter,
  type DeliveryRow,
} from '@app/deliveries';
import { Webhooks } from '@app/webhooks';
import { toPage, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from '../admin/acting.js';
import { AuditedActs, type Act } from '../admin/audited-acts.js';
import { toTime } from '../query-time.js';
import type {
  DeliveryAttemptResponse,
  DeliveryDetails,
  DeliveryList,
  DeliveryResponse,
  QueuedDeliveryResponse,
  ReplayRequest,
  ReplayResponse,
} from './webhooks.dto.js';

/** The log of the tenant's webhooks, and their sending again. */
@Injectable()
export class WebhookDeliveriesService {
  constructor(
    private readonly deliveries: Deliveries,
    private readonly webhooks: Webhooks,
    private readonly acts: AuditedActs,
  ) {}

  async list(
    filter: DeliveryFilter,
    page: PageRequest,
    { tenantId }: RequestContext,
  ): Promise<DeliveryList> {
    const { rows, total } = await this.deliveries.list(tenantId, filter, page.after, page.limit);
    return toPage(rows, page, total, toDelivery);
  }

  async get(id: string, { tenantId }: RequestContext): Promise<DeliveryDetails> {
    const delivery = await this.webhook(tenantId, id);
    const attempts = await this.deliveries.attemptsOf(id);
    return Object.assign(toDelivery(delivery), {
      data: delivery.payload as object,
      attempt_log: attempts.map(toAttempt),
    });
  }

  async replay(id: string, acting: Acting): Promise<QueuedDeliveryResponse> {
    const { tenantId } = acting;
    const object = { kind: 'webhook_delivery', id };
    const act = { action: 'webhook_delivery.replay', object, status: 202 };
    await this.known(id, acting, act);
    await this.acts.perform(acting, act, (tx) => this.deliveries.replay(tx, tenantId, id));
    await this.deliveries.wake([id]);
    return { delivery_id: id };
  }

  async replayFailed(body: ReplayRequest, acting: Acting): Promise<ReplayResponse> {
    const from = toTime(body.since, 'since');
    if (from === undefined) throw invalidField('since', 'required', 'since is missing. Add it.');
    const act = {
      action: 'webhook_delivery.replay_failed',
      object: { kind: 'webhook_delivery' },
      status: 202,
    };
    const filter = { kind: 'webhook', endpointId: body.endpoint_id, from } as const;
    const { tenantId } = acting;
    const ids = await this.acts.perform(acting, act, async (tx) => {
      const enabled = await this.webhooks.endpoints.enabled(tx, tenantId);
      return this.deliveries.replayFailed(tx, tenantId, filter, enabled);
    });
    // Not waited for: what is not woken now, the sweep finds.
    void this.deliveries.wake(ids);
    return { replayed: ids.length };
  }

  /** Before the transaction: within it, the look-up would take a second connection. */
  private async known(id: string, acting: Acting, act: Act): Promise<void> {
    try {
      await this.webhook(acting.tenantId, id);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'NOT_FOUND') {
        await this.acts.refused(acting, act, error);
      }
      throw error;
    }
  }

  private async webhook(tenantId: string, id: string): Promise<DeliveryRow> {
    const delivery = await this.deliveries.get(tenantId, id);
    if (delivery.kind === 'webhook') return delivery;
    throw new DomainError('NOT_FOUND', 'There is no such delivery.');
  }
}

function toDelivery(row: DeliveryRow): DeliveryResponse {
  return {
    id: row.id,
    topic: row.topic,
    subject_id: row.subjectId,
    endpoint_id: row.endpointId,
    status: row.state,
    attempts: row.attempts,
    next_attempt_at: row.nextAttemptAt?.toISOString() ?? null,
    last_status: row.lastStatus,
    last_error: row.lastError,
    created_at: row.createdAt.toISOString(),
    delivered_at: row.deliveredAt?.toISOString() ?? null,
  };
}

function toAttempt({ at, durationMs, status, error }: DeliveryAttemptRow): DeliveryAttemptResponse {
  return { at: at.toISOString(), duration_ms: durationMs, status, error };
}
