import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

const USERNAME = { type: 'string' as const, pattern: '^[A-Za-z0-9._@-]{2,64}$', example: 'j.doe' };

export class CreateUserRequest {
  @ApiProperty({ ...USERNAME, description: 'Letters, digits and . _ @ -; case does not matter.' })
  username!: string;

  @ApiProperty({ type: 'string', minLength: 12, maxLength: 256, format: 'password' })
  password!: string;

  @ApiPropertyOptional({ type: 'string', maxLength: 254, pattern: '^[^@\\s]+@[^@\\s]+$' })
  email?: string;

  @ApiProperty({ type: [String], example: ['user'], description: 'Names of /admin/roles.' })
  roles!: string[];

  @ApiPropertyOptional({
    type: 'string',
    maxLength: 64,
    description: "The caller's own tenant if left out.",
  })
  tenant_id?: string;
}

export class ResetPasswordRequest {
  @ApiProperty({ type: 'string', minLength: 12, maxLength: 256, format: 'password' })
  password!: string;
}

export class ChangeRolesRequest {
  @ApiProperty({ type: [String], example: ['clinician'] })
  roles!: string[];
}

export class UserResponse {
  @ApiProperty({ format: 'uuid' }) id!: string;
  @ApiProperty() tenant_id!: string;
  @ApiProperty() username!: string;
  @ApiProperty({ type: 'string', nullable: true }) email!: string | null;
  @ApiProperty({ type: [String] }) roles!: string[];
  @ApiProperty() disabled!: boolean;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  locked_until!: string | null;
  @ApiProperty({ type: 'string', format: 'date-time', nullable: true })
  last_login_at!: string | null;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
}

export class UserList {
  @ApiProperty({ type: [UserResponse] }) data!: UserResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}

export class RoleResponse {
  @ApiProperty({ example: 'clinician' }) name!: string;
  @ApiProperty() description!: string;
  @ApiProperty({ type: [String] }) permissions!: string[];
}

export class RoleList {
  @ApiProperty({ type: [RoleResponse] }) data!: RoleResponse[];
}

export class CreateTenantRequest {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 200, example: 'St. Mary Hospital' })
  name!: string;

  @ApiProperty({ type: 'string', example: 'pro', description: 'free, pro or enterprise.' })
  tier!: string;
}

export class ChangeTenantRequest {
  @ApiProperty({
    type: 'integer',
    minimum: 1,
    maximum: 1000,
    example: 4,
    description:
      'Share of the device and of the workers, relative to other tenants that want them too.',
  })
  weight!: number;
}

export class TenantResponse {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() tier!: string;
  @ApiProperty({ type: 'integer' }) weight!: number;
  @ApiProperty() disabled!: boolean;
  @ApiProperty({ format: 'date-time' }) created_at!: string;
}

export class TenantList {
  @ApiProperty({ type: [TenantResponse] }) data!: TenantResponse[];
  @ApiProperty({ type: 'string', nullable: true }) next_cursor!: string | null;
  @ApiProperty({ type: 'integer' }) total!: number;
}
