import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { Dashboard, OverallStats } from './operations.dto.js';
import { OperationsService } from './operations.service.js';
import { ApiDays, ApiHours, Days, Hours } from './query-values.js';

@ApiTags('monitoring')
@Controller()
@RequirePermission('ops:read')
export class OperationsController {
  constructor(private readonly operations: OperationsService) {}

  @Get(['dev/dashboard', 'dev/metrics/json'])
  @ApiOperation({
    summary: 'Predictions, requests and trends of all models, as a dashboard shows them',
  })
  @ApiHours()
  @ApiDays()
  @ApiOkResponse({ type: Dashboard })
  @ApiProblems('VALIDATION_ERROR')
  dashboard(
    @Hours() hours: number,
    @Days() days: number,
    @Context() context: RequestContext,
  ): Promise<Dashboard> {
    return this.operations.dashboard(hours, days, context);
  }

  @Get('admin/stats')
  @ApiOperation({ summary: 'Predictions and requests of all models in numbers' })
  @ApiHours()
  @ApiOkResponse({ type: OverallStats })
  @ApiProblems('VALIDATION_ERROR')
  stats(@Hours() hours: number, @Context() context: RequestContext): Promise<OverallStats> {
    return this.operations.stats(hours, context);
  }
}
