import { createHash, timingSafeEqual } from 'node:crypto';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { DomainError } from '@app/common';
import type { EdgeRequest } from '../adapter/exchange.js';
import { ACCESS_RULE } from './access.decorators.js';
import type { AccessRule } from './access.decorators.js';
import { ORDINARY_PERMISSIONS } from './principal.js';
import type { Principal } from './principal.js';

export interface AccessOptions {
  /** Whether callers without a key are refused. */
  readonly requireApiKey: boolean;
  /** The one key there is; without it nobody can show a valid one. */
  readonly apiKey?: string;
  /** Whether the server listens on loopback addresses only. */
  readonly loopback: boolean;
}

const ANONYMOUS: Principal = {
  tenantId: 'default',
  principalId: 'anonymous',
  tier: 'enterprise',
  permissions: ORDINARY_PERMISSIONS,
};
const KEY_HOLDER: Principal = { ...ANONYMOUS, principalId: 'api-key' };

// A decorated method is one function, but subclasses may share it under another class.
type RulesOfClass = Map<object, AccessRule | undefined>;

/** Refuses every request whose handler does not say who may call it, or whose caller may not. */
export class AccessGuard implements CanActivate {
  private readonly rules = new WeakMap<object, RulesOfClass>();
  private readonly keyDigest: Buffer | undefined;

  constructor(private readonly options: AccessOptions) {
    if (options.requireApiKey && (options.apiKey === undefined || options.apiKey === '')) {
      throw new Error(
        'Keys are required but none is configured: set API_KEY or REQUIRE_API_KEY=false',
      );
    }
    if (options.apiKey !== undefined && options.apiKey !== '') {
      this.keyDigest = digest(options.apiKey);
    }
  }

  canActivate(host: ExecutionContext): boolean {
    const rule = this.ruleOf(host.getClass(), host.getHandler());
    const request = host.getArgByIndex<EdgeRequest>(0);
    if (rule === undefined) {
      throw new DomainError('FORBIDDEN', 'This route does not declare who may call it.');
    }
    if (rule.kind === 'public' || (rule.publicOnLoopback && this.options.loopback)) {
      request.scope.principal = ANONYMOUS;
      return true;
    }
    const principal = this.identify(request);
    if (!principal.permissions.has(rule.permission)) {
      throw new DomainError(
        'FORBIDDEN',
        `This needs the permission "${rule.permission}". Use a key that holds it.`,
      );
    }
    request.scope.principal = principal;
    return true;
  }

  private identify(request: EdgeRequest): Principal {
    const candidate = credential(request);
    if (candidate === undefined) {
      if (!this.options.requireApiKey) return ANONYMOUS;
      throw new DomainError(
        'UNAUTHENTICATED',
        'A key is needed. Send it in X-API-Key or as "Authorization: Bearer KEY".',
      );
    }
    if (this.keyDigest === undefined) return ANONYMOUS;
    if (timingSafeEqual(digest(candidate), this.keyDigest)) return KEY_HOLDER;
    throw new DomainError(
      'UNAUTHENTICATED',
      'The key is not valid. Check it, or ask for a new one.',
    );
  }

  private ruleOf(controller: object, handler: object): AccessRule | undefined {
    let ofClass = this.rules.get(controller);
    if (ofClass === undefined) {
      ofClass = new Map<object, AccessRule | undefined>();
      this.rules.set(controller, ofClass);
    }
    let rule = ofClass.get(handler);
    if (rule === undefined && !ofClass.has(handler)) {
      rule = declaredRule(controller, handler);
      ofClass.set(handler, rule);
    }
    return rule;
  }
}

/** A handler's own declaration, else its controller's. */
export function declaredRule(controller: object, handler: object): AccessRule | undefined {
  return (Reflect.getMetadata(ACCESS_RULE, handler) ??
    Reflect.getMetadata(ACCESS_RULE, controller)) as AccessRule | undefined;
}

const BEARER = /^Bearer +([^\s]+) *$/i;

/** The one credential of a request; undefined when it shows none. */
function credential(request: EdgeRequest): string | undefined {
  const { authorization, 'x-api-key': header } = request.headers;
  const key = typeof header === 'string' && header !== '' ? header : undefined;
  if (authorization === undefined) return key;
  const token = BEARER.exec(authorization)?.[1];
  if (token === undefined) {
    throw new DomainError(
      'UNAUTHENTICATED',
      'Authorization must have the form "Bearer KEY". Correct it, or send the key in X-API-Key.',
    );
  }
  if (key !== undefined && key !== token) {
    throw new DomainError(
      'UNAUTHENTICATED',
      'X-API-Key and Authorization hold different keys. Send one of them.',
    );
  }
  return token;
}

function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
