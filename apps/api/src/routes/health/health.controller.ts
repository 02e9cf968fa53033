import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { HealthCheck, type HealthCheckResult } from '@nestjs/terminus';
import { HealthService } from '@app/health';
import { ModelPool } from '@app/inference';
import { API_OPTIONS, type ApiOptions } from '../../api-options.js';
import type { EdgeResponse } from '../../http/adapter/exchange.js';
import { Public } from '../../http/guards/access.decorators.js';
import { Response } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { roundMs } from '../predictions/prediction-reply.js';
import { HealthResponse } from './health.dto.js';

@ApiTags('health')
@Public()
@Controller('health')
export class HealthController {
  constructor(
    private readonly health: HealthService,
    private readonly pool: ModelPool,
    @Inject(API_OPTIONS) private readonly options: ApiOptions,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The full report; 503 only when predictions cannot be answered' })
  @ApiOkResponse({ type: HealthResponse })
  @ApiResponse({
    status: 503,
    type: HealthResponse,
    description: 'Predictions cannot be answered.',
  })
  async report(@Response() response: EdgeResponse): Promise<HealthResponse> {
    const report = await this.health.report();
    // The body is the report either way: a monitor wants to know why.
    response.statusCode = report.serving ? 200 : 503;
    return {
      status: report.status,
      model_loaded: this.pool.list().length > 0,
      timestamp: new Date().toISOString(),
      version: this.options.version,
      uptime_seconds: Math.round(report.uptimeSeconds),
      checks: Object.fromEntries(
        Object.entries(report.checks).map(([name, check]) => [
          name,
          {
            status: check.status,
            message: check.message,
            response_time_ms: roundMs(check.responseTimeMs),
            last_checked: check.checkedAt.toISOString(),
          },
        ]),
      ),
    };
  }

  @Get('live')
  @HealthCheck()
  @ApiOperation({ summary: 'Is the process alive?' })
  live(): Promise<HealthCheckResult> {
    return this.health.live();
  }

  @Get('ready')
  @HealthCheck()
  @ApiOperation({ summary: 'May requests be sent here now?' })
  @ApiProblems('SERVICE_UNAVAILABLE')
  ready(): Promise<HealthCheckResult> {
    return this.health.ready();
  }

  @Get('startup')
  @HealthCheck()
  @ApiOperation({ summary: 'Have the models been loaded and tried once?' })
  @ApiProblems('SERVICE_UNAVAILABLE')
  startup(): Promise<HealthCheckResult> {
    return this.health.started();
  }
}
