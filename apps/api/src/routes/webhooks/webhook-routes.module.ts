import { Module, type DynamicModule } from '@nestjs/common';
import { AuditLog } from '@app/audit';
import { Database } from '@app/database';
import { Deliveries } from '@app/deliveries';
import { Webhooks } from '@app/webhooks';
import { AuditedActs } from '../admin/audited-acts.js';
import { WebhookDeliveriesController } from './deliveries.controller.js';
import { WebhookDeliveriesService } from './deliveries.service.js';
import { WebhookEndpointsController } from './endpoints.controller.js';
import { WebhookEndpointsService } from './endpoints.service.js';

export interface WebhookRoutesParts {
  readonly webhooks: Webhooks;
  readonly deliveries: Deliveries;
  readonly database: Database;
  readonly audit: AuditLog;
}

/** The routes of webhooks: endpoints, secrets and deliveries. */
@Module({})
export class WebhookRoutes {
  static register({ webhooks, deliveries, database, audit }: WebhookRoutesParts): DynamicModule {
    return {
      module: WebhookRoutes,
      controllers: [WebhookEndpointsController, WebhookDeliveriesController],
      providers: [
        WebhookEndpointsService,
        WebhookDeliveriesService,
        AuditedActs,
        { provide: Webhooks, useValue: webhooks },
        { provide: Deliveries, useValue: deliveries },
        { provide: Database, useValue: database },
        { provide: AuditLog, useValue: audit },
      ],
    };
  }
}
