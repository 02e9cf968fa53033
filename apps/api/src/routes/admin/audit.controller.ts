import { Controller, Get, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Caller } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Actor, type Acting } from './acting.js';
import { AuditEntryList, AuditVerificationResponse } from './audit.dto.js';
import { AuditFilterQuery } from './audit-filter.query.js';
import { AdminAuditService } from './audit.service.js';

@ApiTags('administration')
@Controller('admin/audit-logs')
@RequirePermission('audit:read')
export class AuditController {
  constructor(private readonly audit: AdminAuditService) {}

  @Get()
  @ApiOperation({ summary: 'Who did what, the newest first' })
  @ApiOkResponse({ type: AuditEntryList })
  @ApiProblems('VALIDATION_ERROR')
  @AuditFilterQuery()
  @ApiPage()
  list(
    @Query() query: Record<string, unknown>,
    @Page() page: PageRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<AuditEntryList> {
    return this.audit.list(query, page, caller, acting);
  }

  @Get('verify')
  @ApiOperation({
    summary: 'Checks every row against its chain and the checkpoints outside of the database',
  })
  @ApiOkResponse({ type: AuditVerificationResponse })
  verify(): Promise<AuditVerificationResponse> {
    return this.audit.verify();
  }

  @Get('export')
  @ApiOperation({ summary: 'All entries that match, the oldest first, as a stream' })
  @ApiOkResponse({
    content: {
      'application/x-ndjson': { schema: { type: 'string' } },
      'text/csv': { schema: { type: 'string' } },
    },
  })
  @ApiProblems('VALIDATION_ERROR')
  @ApiQuery({ name: 'format', required: false, schema: { enum: ['jsonl', 'csv'] } })
  @AuditFilterQuery()
  export(
    @Query() query: Record<string, unknown>,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<StreamableFile> {
    return this.audit.export(query, caller, acting);
  }
}
