import { Controller, Delete, Get, HttpCode, Patch, Post } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Uuid } from '../../http/pipes/uuid.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import { WebhookEndpointsService } from './endpoints.service.js';
import {
  ChangeEndpointRequest,
  CreatedEndpointResponse,
  CreateEndpointRequest,
  EndpointList,
  EndpointResponse,
  IssuedSecretResponse,
  QueuedDeliveryResponse,
  RotateSecretRequest,
  SecretList,
} from './webhooks.dto.js';

@ApiTags('webhooks')
@Controller('webhooks')
@RequirePermission('jobs')
export class WebhookEndpointsController {
  constructor(private readonly endpoints: WebhookEndpointsService) {}

  @Post('endpoints')
  @ApiOperation({ summary: 'Has a URL told of events by signed webhooks' })
  @ApiCreatedResponse({ type: CreatedEndpointResponse })
  @ApiProblems('CONFLICT')
  create(
    @ValidBody() body: CreateEndpointRequest,
    @Actor() acting: Acting,
  ): Promise<CreatedEndpointResponse> {
    return this.endpoints.create(body, acting);
  }

  @Get('endpoints')
  @ApiOperation({ summary: 'Endpoints of the tenant, the newest first' })
  @ApiOkResponse({ type: EndpointList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiPage()
  list(@Context() context: RequestContext, @Page() page: PageRequest): Promise<EndpointList> {
    return this.endpoints.list(context, page);
  }

  @Get('endpoints/:id')
  @ApiOperation({ summary: 'One endpoint' })
  @ApiOkResponse({ type: EndpointResponse })
  @ApiProblems('NOT_FOUND')
  get(@Uuid('id') id: string, @Context() context: RequestContext): Promise<EndpointResponse> {
    return this.endpoints.get(id, context);
  }

  @Patch('endpoints/:id')
  @ApiOperation({ summary: 'Changes, disables or enables an endpoint' })
  @ApiOkResponse({ type: EndpointResponse })
  @ApiProblems('NOT_FOUND')
  change(
    @Uuid('id') id: string,
    @ValidBody() body: ChangeEndpointRequest,
    @Actor() acting: Acting,
  ): Promise<EndpointResponse> {
    return this.endpoints.change(id, body, acting);
  }

  @Delete('endpoints/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Removes an endpoint; what waited for it is given up' })
  @ApiNoContentResponse()
  @ApiProblems('NOT_FOUND')
  remove(@Uuid('id') id: string, @Actor() acting: Acting): Promise<void> {
    return this.endpoints.remove(id, acting);
  }

  @Post('endpoints/:id/test')
  @HttpCode(202)
  @ApiOperation({ summary: 'Sends the endpoint an event of the type webhook.test' })
  @ApiAcceptedResponse({ type: QueuedDeliveryResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  test(
    @Uuid('id') id: string,
    @Context() context: RequestContext,
  ): Promise<QueuedDeliveryResponse> {
    return this.endpoints.test(id, context);
  }

  @Get('secret')
  @ApiOperation({ summary: 'Which secrets sign the tenant’s webhooks, without their texts' })
  @ApiOkResponse({ type: SecretList })
  secrets(@Context() context: RequestContext): Promise<SecretList> {
    return this.endpoints.secrets(context);
  }

  @Post('secret/rotate')
  @ApiOperation({
    summary: 'Makes a new signing secret, shown this once; both sign for a while',
  })
  @ApiCreatedResponse({ type: IssuedSecretResponse })
  rotate(
    @ValidBody() body: RotateSecretRequest,
    @Actor() acting: Acting,
  ): Promise<IssuedSecretResponse> {
    return this.endpoints.rotate(body, acting);
  }
}
