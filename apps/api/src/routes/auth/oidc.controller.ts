import { Controller, Get, Header, HttpCode, Req, UseGuards } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { SkipThrottle, Throttle } from '@nestjs/throttler';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { Public } from '../../http/guards/access.decorators.js';
import { SignInThrottler } from '../../http/guards/sign-in.throttler.js';
import { Response } from '../../http/middleware/context.decorator.js';
import { ApiProblems } from '../../http/openapi/api-problems.decorator.js';
import { Actor, type Acting } from '../admin/acting.js';
import { TokenResponse } from './auth.dto.js';
import { OidcService } from './oidc.service.js';
import { queryOf, returnPath } from './oidc-queries.js';
import { SignInCookie } from './sign-in-cookie.js';

/** There is no password to guess here, and a whole hospital may share one address. */
const BY_ADDRESS = {
  'address-minute': { limit: 60, ttl: 60_000 },
  'address-hour': { limit: 1_000, ttl: 3_600_000 },
};

@ApiTags('accounts')
@Controller('auth/oidc')
@Public()
@UseGuards(SignInThrottler)
@SkipThrottle({ 'user-hour': true })
@Throttle(BY_ADDRESS)
export class OidcController {
  constructor(
    private readonly oidc: OidcService,
    private readonly cookie: SignInCookie,
  ) {}

  @Get('login')
  @HttpCode(303)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Sends a browser to the identity provider',
    description: 'Where the operator set OIDC_ISSUER. Sets a cookie that the way back needs.',
  })
  @ApiQuery({
    name: 'return_to',
    required: false,
    schema: { type: 'string' },
    description:
      'A path of the console (`/console/…`) to end up at, with `#refresh_token=…` for it to exchange at /auth/refresh within a minute. Left out, the callback answers the tokens as JSON.',
  })
  @ApiResponse({ status: 303, description: 'To the provider' })
  @ApiProblems('NOT_FOUND', 'VALIDATION_ERROR', 'RATE_LIMIT_EXCEEDED', 'SERVICE_UNAVAILABLE')
  async logIn(@Req() request: EdgeRequest, @Response() response: EdgeResponse): Promise<void> {
    const { url, attempt } = await this.oidc.begin(returnPath(queryOf(request)));
    this.cookie.set(response, attempt);
    response.setHeader('Location', url);
  }

  @Get('callback')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Where the identity provider sends browsers back to',
    description: 'Answers the tokens, or leads on to the console when the sign-in began there.',
  })
  @ApiOkResponse({ type: TokenResponse })
  @ApiResponse({ status: 303, description: 'To the console' })
  @ApiProblems(
    'NOT_FOUND',
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'RATE_LIMIT_EXCEEDED',
    'SERVICE_UNAVAILABLE',
  )
  async callBack(
    @Req() request: EdgeRequest,
    @Response() response: EdgeResponse,
    @Actor() acting: Acting,
  ): Promise<TokenResponse | undefined> {
    const attempt = this.cookie.take(request, response);
    const { tokens, location } = await this.oidc.complete(queryOf(request), attempt, acting);
    if (location === null) return tokens;
    response.statusCode = 303;
    response.setHeader('Location', location);
    return undefined;
  }
}
