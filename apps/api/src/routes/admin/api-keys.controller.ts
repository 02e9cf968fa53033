import { Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { RequirePermission } from '../../http/guards/access.decorators.js';
import { Caller } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ApiPage, Page, type PageRequest } from '../../http/pipes/page.decorator.js';
import { Uuid } from '../../http/pipes/uuid.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from './acting.js';
import {
  ApiKeyList,
  CreateApiKeyRequest,
  IssuedApiKeyResponse,
  KeySettings,
  RotateApiKeyRequest,
} from './api-keys.dto.js';
import { AdminApiKeysService } from './api-keys.service.js';

@ApiTags('administration')
@Controller('admin')
@RequirePermission('users:admin')
export class ApiKeysController {
  constructor(private readonly keys: AdminApiKeysService) {}

  @Post('api-keys')
  @ApiOperation({ summary: 'Creates a key, shown this once' })
  @ApiCreatedResponse({ type: IssuedApiKeyResponse })
  @ApiProblems('NOT_FOUND')
  create(
    @ValidBody() body: CreateApiKeyRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    return this.keys.create(body, caller, acting);
  }

  @Post('users/:username/api-key')
  @ApiOperation({ summary: 'Creates a key that acts for a user' })
  @ApiCreatedResponse({ type: IssuedApiKeyResponse })
  @ApiProblems('NOT_FOUND')
  createFor(
    @Param('username') username: string,
    @ValidBody() body: KeySettings,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    return this.keys.createFor(username, body, caller, acting);
  }

  @Get('api-keys')
  @ApiOperation({ summary: 'Keys of the tenant, without their secrets' })
  @ApiOkResponse({ type: ApiKeyList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiPage()
  list(@Caller() caller: Principal, @Page() page: PageRequest): Promise<ApiKeyList> {
    return this.keys.list(caller, page);
  }

  @Post('api-keys/:id/rotate')
  @ApiOperation({ summary: 'Replaces a key by a new one like it; both work for a while' })
  @ApiCreatedResponse({ type: IssuedApiKeyResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  rotate(
    @Uuid('id') id: string,
    @ValidBody() body: RotateApiKeyRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    return this.keys.rotate(id, body.overlap_seconds, caller, acting);
  }

  @Delete('api-keys/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Revokes a key at once' })
  @ApiNoContentResponse()
  @ApiProblems('NOT_FOUND')
  revoke(
    @Uuid('id') id: string,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<void> {
    return this.keys.revoke(id, caller, acting);
  }
}
