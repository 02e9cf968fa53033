import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Metrics } from '@app/observability';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import { PublicOnLoopback } from '../../http/guards/access.decorators.js';
import { Response } from '../../http/middleware/context.decorator.js';

@ApiTags('health')
@Controller('metrics')
@PublicOnLoopback('ops:read')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @ApiOperation({ summary: "Metrics in Prometheus' text format" })
  @ApiProduces('text/plain')
  @ApiOkResponse({ schema: { type: 'string' } })
  render(@Response() response: EdgeResponse): Promise<string> {
    response.setHeader('Content-Type', this.metrics.contentType);
    return this.metrics.render();
  }
}
