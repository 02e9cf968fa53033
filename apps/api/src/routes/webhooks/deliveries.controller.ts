import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import type { DeliveryFilter } from '@app/deliveries';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Uuid } from '../../http/pipes/uuid.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import { ApiDeliveriesFilter, DeliveriesFilter } from './deliveries-query.js';
import { WebhookDeliveriesService } from './deliveries.service.js';
import {
  DeliveryDetails,
  DeliveryList,
  QueuedDeliveryResponse,
  ReplayRequest,
  ReplayResponse,
} from './webhooks.dto.js';

@ApiTags('webhooks')
@Controller('webhooks/deliveries')
@RequirePermission('jobs')
export class WebhookDeliveriesController {
  constructor(private readonly deliveries: WebhookDeliveriesService) {}

  @Get()
  @ApiOperation({ summary: 'Webhooks of the tenant and how they fared, the newest first' })
  @ApiOkResponse({ type: DeliveryList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiDeliveriesFilter()
  @ApiPage()
  list(
    @DeliveriesFilter() filter: DeliveryFilter,
    @Page() page: PageRequest,
    @Context() context: RequestContext,
  ): Promise<DeliveryList> {
    return this.deliveries.list(filter, page, context);
  }

  @Post('replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends again, under their ids, all that failed since a time' })
  @ApiAcceptedResponse({ type: ReplayResponse })
  replayFailed(@ValidBody() body: ReplayRequest, @Actor() acting: Acting): Promise<ReplayResponse> {
    return this.deliveries.replayFailed(body, acting);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One webhook with the log of its attempts' })
  @ApiOkResponse({ type: DeliveryDetails })
  @ApiProblems('NOT_FOUND')
  get(@Uuid('id') id: string, @Context() context: RequestContext): Promise<DeliveryDetails> {
    return this.deliveries.get(id, context);
  }

  @Post(':id/replay')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends a webhook again, under its id' })
  @ApiAcceptedResponse({ type: QueuedDeliveryResponse })
  @ApiProblems('NOT_FOUND')
  replay(@Uuid('id') id: string, @Actor() acting: Acting): Promise<QueuedDeliveryResponse> {
    return this.deliveries.replay(id, acting);
  }
}
