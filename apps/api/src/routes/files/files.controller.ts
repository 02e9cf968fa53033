import { Controller, Delete, Get, HttpCode, Post } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { RequestContext } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Context, Request, Response } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { Uuid } from '../../http/pipes/uuid.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import { FileResponse } from './files.dto.js';
import { FilesService } from './files.service.js';

@ApiTags('jobs')
@Controller('files')
@RequirePermission('jobs')
export class FilesController {
  constructor(private readonly files: FilesService) {}

  @Post()
  @HttpCode(201)
  @ApiOperation({
    summary: 'Uploads the inputs of a job: JSONL or CSV, as the body or in a form',
    description:
      'JSONL: on each line a JSON string, or an object with `text` (or `sentence`) and perhaps `entity`. ' +
      'CSV (RFC 4180, commas, UTF-8): a heading that names `text` or `sentence` and perhaps `entity`, or `entity_start` and `entity_end`. ' +
      'Other fields and columns are ignored. Every row is checked; a refusal names the first at fault. ' +
      'At most FILE_MAX_BYTES (500 MB by default), 256 KiB a row.',
  })
  @ApiConsumes('multipart/form-data', 'application/x-ndjson', 'text/csv')
  @ApiBody({
    schema: {
      type: 'object',
      required: ['file'],
      properties: { file: { type: 'string', format: 'binary' } },
    },
  })
  @ApiCreatedResponse({ type: FileResponse })
  @ApiProblems('SERVICE_UNAVAILABLE')
  upload(
    @Request() request: EdgeRequest,
    @Response() response: EdgeResponse,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<FileResponse> {
    return this.files.upload(request, response, context, acting);
  }

  @Get(':id')
  @ApiOperation({ summary: 'What is known of an uploaded file' })
  @ApiOkResponse({ type: FileResponse })
  @ApiProblems('NOT_FOUND')
  get(@Uuid('id') id: string, @Context() context: RequestContext): Promise<FileResponse> {
    return this.files.get(id, context);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Removes an uploaded file that no unfinished job reads' })
  @ApiNoContentResponse()
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  delete(
    @Uuid('id') id: string,
    @Context() context: RequestContext,
    @Actor() acting: Acting,
  ): Promise<void> {
    return this.files.delete(id, context, acting);
  }
}
