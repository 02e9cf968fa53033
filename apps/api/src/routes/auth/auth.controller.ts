import { Controller, Get, Header, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Principal } from '@app/auth';
import { Identified, Public } from '../../http/guards/access.decorators.js';
import { SignInThrottler } from '../../http/guards/sign-in.throttler.js';
import { Caller } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { ValidBody } from '../../http/pipes/valid-body.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import {
  LoginRequest,
  LogoutAllResponse,
  MeResponse,
  RefreshRequest,
  TokenResponse,
} from './auth.dto.js';
import { AuthService } from './auth.service.js';

@ApiTags('accounts')
@Controller()
export class AuthController {
  constructor(private readonly auth: AuthService) {}

  @Post('auth/login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @UseGuards(SignInThrottler)
  @ApiOperation({ summary: 'Signs in with user name and password' })
  @ApiOkResponse({ type: TokenResponse })
  @ApiProblems('UNAUTHENTICATED', 'RATE_LIMIT_EXCEEDED', 'OVERLOADED')
  logIn(@ValidBody() body: LoginRequest, @Actor() acting: Acting): Promise<TokenResponse> {
    return this.auth.logIn(body, acting);
  }

  @Post('auth/refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @ApiOperation({
    summary: 'Exchanges a refresh token for a new pair',
    description:
      'A token is good for one use. Used again within ten seconds, as by several tabs, it answers the same successor; used again later, the whole sign-in ends.',
  })
  @ApiOkResponse({ type: TokenResponse })
  @ApiProblems('UNAUTHENTICATED', 'TOKEN_EXPIRED', 'TOKEN_REVOKED')
  refresh(@ValidBody() body: RefreshRequest): Promise<TokenResponse> {
    return this.auth.refresh(body.refresh_token);
  }

  @Post('auth/logout')
  @HttpCode(204)
  @Identified()
  @ApiOperation({ summary: 'Ends the sign-in of the access token that is shown' })
  @ApiNoContentResponse()
  @ApiProblems('CONFLICT')
  logOut(@Caller() principal: Principal, @Actor() acting: Acting): Promise<void> {
    return this.auth.logOut(principal, acting);
  }

  @Post('auth/logout-all')
  @HttpCode(200)
  @Identified()
  @ApiOperation({ summary: 'Ends every sign-in of the user' })
  @ApiOkResponse({ type: LogoutAllResponse })
  @ApiProblems('CONFLICT')
  logOutAll(@Caller() principal: Principal, @Actor() acting: Acting): Promise<LogoutAllResponse> {
    return this.auth.logOutAll(principal, acting);
  }

  @Get('me')
  @Identified()
  @ApiOperation({ summary: 'Who the caller is, and what they may do' })
  @ApiOkResponse({ type: MeResponse })
  me(@Caller() principal: Principal): Promise<MeResponse> {
    return this.auth.me(principal);
  }
}
