import { ApiProperty } from '@nestjs/swagger';

export class LoginRequest {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 128, example: 'admin' })
  username!: string;

  @ApiProperty({ type: 'string', minLength: 1, maxLength: 1024, format: 'password' })
  password!: string;
}

export class RefreshRequest {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 512 })
  refresh_token!: string;
}

export class TokenResponse {
  @ApiProperty({ description: 'Send it as `Authorization: Bearer TOKEN`.' })
  access_token!: string;

  @ApiProperty({ description: 'Good for one use at /auth/refresh, within 7 days.' })
  refresh_token!: string;

  @ApiProperty({ enum: ['bearer'] })
  token_type!: 'bearer';

  @ApiProperty({ type: 'integer', description: 'Seconds until the access token expires.' })
  expires_in!: number;
}

export class LogoutAllResponse {
  @ApiProperty({ type: 'integer', description: 'How many sign-ins were ended.' })
  ended!: number;
}

/** Who the caller is. */
export class MeResponse {
  @ApiProperty({ enum: ['anonymous', 'key', 'user'] }) kind!: string;
  @ApiProperty() id!: string;
  @ApiProperty({ type: 'string', nullable: true }) username!: string | null;
  @ApiProperty() tenant_id!: string;
  @ApiProperty() tier!: string;
  @ApiProperty({ type: [String] }) permissions!: string[];
}
