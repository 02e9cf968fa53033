import { Injectable } from '@nestjs/common';
import { DomainError, type RequestContext } from '@app/common';
import { Database } from '@app/database';
import { Deliveries } from '@app/deliveries';
import { TEST_TOPIC, Webhooks, type Endpoint, type SecretInfo } from '@app/webhooks';
import { toPage, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from '../admin/acting.js';
import { AuditedActs, type Act } from '../admin/audited-acts.js';
import type {
  ChangeEndpointRequest,
  CreatedEndpointResponse,
  CreateEndpointRequest,
  EndpointList,
  EndpointResponse,
  IssuedSecretResponse,
  QueuedDeliveryResponse,
  RotateSecretRequest,
  SecretList,
  SecretResponse,
} from './webhooks.dto.js';

/** Endpoints and signing secrets of the caller's tenant. Changes are recorded in the audit log. */
@Injectable()
export class WebhookEndpointsService {
  constructor(
    private readonly webhooks: Webhooks,
    private readonly deliveries: Deliveries,
    private readonly database: Database,
    private readonly acts: AuditedActs,
  ) {}

  async create(body: CreateEndpointRequest, acting: Acting): Promise<CreatedEndpointResponse> {
    const { endpoints, secrets } = this.webhooks;
    const { tenantId } = acting;
    const { url, topics, description } = body;
    const wanted = { tenantId, url, topics, description, createdBy: acting.actor.id };
    const act = { action: 'webhook_endpoint.create', object: { kind: ENDPOINT }, status: 201 };
    await this.checked(body, acting, act);
    const { endpoint, issued } = await this.acts.perform(
      acting,
      act,
      async (tx) => {
        // First: it has the tenant's others wait, so that endpoints are counted exactly.
        const issued = await secrets.ensure(tx, tenantId);
        return { endpoint: await endpoints.create(tx, wanted), issued };
      },
      (made) => made.endpoint.id,
    );
    return Object.assign(toEndpoint(endpoint), { secret: issued?.secret ?? null });
  }

  async list({ tenantId }: RequestContext, page: PageRequest): Promise<EndpointList> {
    const { endpoints } = this.webhooks;
    const found = await endpoints.list(tenantId, page.after, page.limit);
    return toPage(found.endpoints, page, found.total, toEndpoint);
  }

  async get(id: string, { tenantId }: RequestContext): Promise<EndpointResponse> {
    return toEndpoint(await this.webhooks.endpoints.get(tenantId, id));
  }

  async change(id: string, body: ChangeEndpointRequest, acting: Acting): Promise<EndpointResponse> {
    const { endpoints } = this.webhooks;
    const act = { action: 'webhook_endpoint.change', object: { kind: ENDPOINT, id } };
    await this.checked(body, acting, act);
    const changed = await this.acts.perform(acting, act, (tx) =>
      endpoints.update(tx, acting.tenantId, id, body),
    );
    return toEndpoint(changed);
  }

  async remove(id: string, acting: Acting): Promise<void> {
    const { endpoints } = this.webhooks;
    const object = { kind: ENDPOINT, id };
    const act = { action: 'webhook_endpoint.delete', object, status: 204 };
    await this.acts.perform(acting, act, (tx) => endpoints.remove(tx, acting.tenantId, id));
  }

  async test(id: string, { tenantId }: RequestContext): Promise<QueuedDeliveryResponse> {
    const { disabledAt } = await this.webhooks.endpoints.get(tenantId, id);
    if (disabledAt !== null) {
      throw new DomainError('CONFLICT', 'The endpoint is disabled. Enable it first.');
    }
    const event = { tenantId, topic: TEST_TOPIC, data: { endpoint_id: id } };
    const deliveryId = await this.database.transaction((tx) =>
      this.webhooks.tell(tx, event, { endpointId: id }),
    );
    await this.deliveries.wake([deliveryId]);
    return { delivery_id: deliveryId };
  }

  async secrets({ tenantId }: RequestContext): Promise<SecretList> {
    const secrets = await this.webhooks.secrets.list(this.database.db, tenantId);
    return { data: secrets.map(toSecret) };
  }

  async rotate(body: RotateSecretRequest, acting: Acting): Promise<IssuedSecretResponse> {
    const { secrets } = this.webhooks;
    const act = {
      action: 'webhook_secret.rotate',
      object: { kind: 'webhook_secret' },
      status: 201,
    };
    const issued = await this.acts.perform(
      acting,
      act,
      (tx) => secrets.rotate(tx, acting.tenantId, body.overlap_seconds),
      ({ id }) => id,
    );
    return Object.assign(toSecret(issued), { secret: issued.secret });
  }

  /** Before the transaction: a look-up takes its time. Attempts on what may not be called are recorded. */
  private async checked(
    body: Pick<ChangeEndpointRequest, 'url' | 'topics' | 'description'>,
    acting: Acting,
    act: Act,
  ): Promise<void> {
    try {
      await this.webhooks.endpoints.check(body);
    } catch (error) {
      if (error instanceof DomainError) await this.acts.refused(acting, act, error);
      throw error;
    }
  }
}

const ENDPOINT = 'webhook_endpoint';

function toEndpoint(endpoint: Endpoint): EndpointResponse {
  return {
    id: endpoint.id,
    url: endpoint.url,
    topics: endpoint.topics,
    description: endpoint.description,
    enabled: endpoint.disabledAt === null,
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
    disabled_reason: endpoint.disabledReason,
    created_at: endpoint.createdAt.toISOString(),
  };
}

function toSecret({ id, createdAt, expiresAt }: SecretInfo): SecretResponse {
  return {
    id,
    created_at: createdAt.toISOString(),
    expires_at: expiresAt?.toISOString() ?? null,
  };
}
