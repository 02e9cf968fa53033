import { Injectable, type ExecutionContext } from '@nestjs/common';
import {
  ThrottlerGuard,
  type ThrottlerLimitDetail,
  type ThrottlerOptions,
} from '@nestjs/throttler';
import { DomainError } from '@app/common';
import type { EdgeRequest } from '../adapter/exchange.js';
import { basicCredentials } from './basic-credentials.js';
import { clientNetwork } from '../hardening/client-address.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const LONGEST_NAME = 256;

/**
 * How often one may try to sign in: one address so that it cannot try many
 * names, one name so that many addresses cannot try it.
 */
export const SIGN_IN_THROTTLERS: readonly ThrottlerOptions[] = [
  { name: 'address-minute', ttl: MINUTE_MS, limit: 10 },
  { name: 'address-hour', ttl: HOUR_MS, limit: 100 },
  { name: 'user-hour', ttl: HOUR_MS, limit: 20, getTracker: (request) => nameIn(request) },
];

/** `@UseGuards(SignInThrottler)` on the routes where a password is shown. */
@Injectable()
export class SignInThrottler extends ThrottlerGuard {
  protected override async getTracker(request: Record<string, unknown>): Promise<string> {
    return clientNetwork(request as unknown as EdgeRequest);
  }

  protected override async throwThrottlingException(
    _host: ExecutionContext,
    detail: ThrottlerLimitDetail,
  ): Promise<void> {
    throw new DomainError(
      'RATE_LIMIT_EXCEEDED',
      `Too many attempts to sign in. Try again in ${detail.timeToBlockExpire} s.`,
      { retryAfterSeconds: detail.timeToBlockExpire },
    );
  }
}

function nameIn(request: Record<string, unknown>): string {
  const { body, headers } = request as unknown as EdgeRequest;
  const name =
    basicCredentials(headers.authorization)?.username ??
    (body as { username?: unknown } | null | undefined)?.username;
  return typeof name === 'string' ? name.slice(0, LONGEST_NAME).toLowerCase() : '';
}
