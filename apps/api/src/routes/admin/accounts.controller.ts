import { Controller, Delete, Get, HttpCode, Param, Patch, Post, Put } from '@nestjs/common';
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
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from './acting.js';
import { AdminTenantsService } from './tenants.service.js';
import {
  ChangeRolesRequest,
  ChangeTenantRequest,
  CreateTenantRequest,
  CreateUserRequest,
  ResetPasswordRequest,
  RoleList,
  TenantList,
  TenantResponse,
  UserList,
  UserResponse,
} from './users.dto.js';
import { AdminUsersService } from './users.service.js';

@ApiTags('administration')
@Controller('admin')
@RequirePermission('users:admin')
export class AccountsController {
  constructor(
    private readonly users: AdminUsersService,
    private readonly tenants: AdminTenantsService,
  ) {}

  @Post('users')
  @ApiOperation({ summary: 'Creates a user' })
  @ApiCreatedResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  create(
    @ValidBody() body: CreateUserRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<UserResponse> {
    return this.users.create(body, caller, acting);
  }

  @Get('users')
  @ApiOperation({ summary: 'Users of the tenant' })
  @ApiOkResponse({ type: UserList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiPage()
  list(@Caller() caller: Principal, @Page() page: PageRequest): Promise<UserList> {
    return this.users.list(caller, page);
  }

  @Get('users/:username')
  @ApiOperation({ summary: 'One user' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND')
  get(@Param('username') username: string, @Caller() caller: Principal): Promise<UserResponse> {
    return this.users.get(username, caller);
  }

  @Put('users/:username/roles')
  @ApiOperation({ summary: 'Changes what a user may do; present sign-ins end' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND')
  changeRoles(
    @Param('username') username: string,
    @ValidBody() body: ChangeRolesRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<UserResponse> {
    return this.users.changeRoles(username, body, caller, acting);
  }

  @Post('users/:username/reset-password')
  @HttpCode(200)
  @ApiOperation({ summary: 'Gives a user a new password; present sign-ins end' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND')
  resetPassword(
    @Param('username') username: string,
    @ValidBody() body: ResetPasswordRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<UserResponse> {
    return this.users.resetPassword(username, body.password, caller, acting);
  }

  @Post('users/:username/disable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Ends all access of a user: password, sign-ins and keys' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  disable(
    @Param('username') username: string,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<UserResponse> {
    return this.users.disable(username, caller, acting);
  }

  @Post('users/:username/enable')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets a disabled or locked user sign in again' })
  @ApiOkResponse({ type: UserResponse })
  @ApiProblems('NOT_FOUND')
  enable(
    @Param('username') username: string,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<UserResponse> {
    return this.users.enable(username, caller, acting);
  }

  @Get('roles')
  @ApiOperation({ summary: 'Roles and what they allow' })
  @ApiOkResponse({ type: RoleList })
  roles(): Promise<RoleList> {
    return this.users.roles();
  }

  @Post('tenants')
  @ApiOperation({ summary: 'Creates a tenant' })
  @ApiCreatedResponse({ type: TenantResponse })
  @ApiProblems('CONFLICT')
  createTenant(
    @ValidBody() body: CreateTenantRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<TenantResponse> {
    return this.tenants.create(body, caller, acting);
  }

  @Get('tenants')
  @ApiOperation({ summary: 'Tenants' })
  @ApiOkResponse({ type: TenantList })
  @ApiProblems('VALIDATION_ERROR')
  @ApiPage()
  listTenants(@Caller() caller: Principal, @Page() page: PageRequest): Promise<TenantList> {
    return this.tenants.list(caller, page);
  }

  @Patch('tenants/:id')
  @ApiOperation({ summary: "Changes a tenant's share; takes effect within half a minute" })
  @ApiOkResponse({ type: TenantResponse })
  @ApiProblems('NOT_FOUND', 'VALIDATION_ERROR')
  changeTenant(
    @Param('id') id: string,
    @ValidBody() body: ChangeTenantRequest,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<TenantResponse> {
    return this.tenants.change(id, body, caller, acting);
  }

  @Delete('tenants/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Disables a tenant: none of its users and keys get in any more' })
  @ApiNoContentResponse()
  @ApiProblems('NOT_FOUND', 'CONFLICT')
  disableTenant(
    @Param('id') id: string,
    @Caller() caller: Principal,
    @Actor() acting: Acting,
  ): Promise<void> {
    return this.tenants.disable(id, caller, acting);
  }
}
