import { Controller, Get } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { Identified, RequirePermission } from '../../http/guards/access.decorators.js';
import { Caller } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { RateLimitList, RateLimitStatus } from './limits.dto.js';
import { LimitsService } from './limits.service.js';

@ApiTags('limits')
@Controller()
export class LimitsController {
  constructor(private readonly limits: LimitsService) {}

  @Get('rate-limit/status')
  @Identified()
  @ApiOperation({ summary: 'What the caller may use, and has used; not counted itself' })
  @ApiOkResponse({ type: RateLimitStatus })
  status(@Caller() principal: Principal): Promise<RateLimitStatus> {
    return this.limits.status(principal);
  }

  @Get('admin/rate-limits')
  @RequirePermission('limits:admin')
  @ApiOperation({ summary: 'Everybody who has used something within a day' })
  @ApiOkResponse({ type: RateLimitList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiPage()
  list(@Caller() principal: Principal, @Page() page: PageRequest): Promise<RateLimitList> {
    return this.limits.list(principal, page);
  }
}
