import { Controller, Get, Param } from '@nestjs/common';
import { ApiHeader, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import {
  DayTrendResponse,
  LoggedPredictionList,
  PredictionStatsResponse,
} from './monitoring.dto.js';
import { MonitoringService } from './monitoring.service.js';
import {
  ApiDays,
  ApiHours,
  ApiPredictionsFilter,
  Days,
  Hours,
  PredictionsFilter,
  type PredictionsQuery,
} from './query-values.js';

@ApiTags('monitoring')
@Controller()
@RequirePermission('ops:read')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringService) {}

  @Get(['monitoring/models/:name/predictions', 'models/:name/predictions'])
  @ApiOperation({ summary: 'Logged predictions of a model, newest first' })
  @ApiPredictionsFilter()
  @ApiPage()
  @ApiHeader({ name: 'X-Access-Reason', required: false, description: 'Why texts are read.' })
  @ApiOkResponse({ type: LoggedPredictionList })
  @ApiProblems('MODEL_NOT_FOUND', 'VALIDATION_ERROR', 'ACCESS_REASON_REQUIRED', 'FORBIDDEN')
  predictions(
    @Param('name') name: string,
    @PredictionsFilter() query: PredictionsQuery,
    @Page() page: PageRequest,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<LoggedPredictionList> {
    return this.monitoring.predictions(name, query, page, context, acting);
  }

  @Get(['monitoring/models/:name/stats', 'models/:name/metrics'])
  @ApiOperation({ summary: 'How many predictions, how sure, how fast, which labels' })
  @ApiHours()
  @ApiOkResponse({ type: PredictionStatsResponse })
  @ApiProblems('MODEL_NOT_FOUND', 'VALIDATION_ERROR')
  stats(
    @Param('name') name: string,
    @Hours() hours: number,
    @Context() context: RequestContext,
  ): Promise<PredictionStatsResponse> {
    return this.monitoring.stats(name, hours, context);
  }

  @Get('monitoring/models/:name/trends')
  @ApiOperation({ summary: 'The same by day, oldest first' })
  @ApiDays()
  @ApiOkResponse({ type: [DayTrendResponse] })
  @ApiProblems('MODEL_NOT_FOUND', 'VALIDATION_ERROR')
  trends(
    @Param('name') name: string,
    @Days() days: number,
    @Context() context: RequestContext,
  ): Promise<DayTrendResponse[]> {
    return this.monitoring.trends(name, days, context);
  }
}
