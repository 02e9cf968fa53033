import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { ANONYMOUS, type Principal } from '@app/auth';
import { DomainError } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import { ACCESS_RULE } from './access.decorators.js';
import type { AccessRule } from './access.decorators.js';

/** Tells what credentials stand for; `Authenticator` of @app/auth is one. */
export interface Identification {
  /** Whether a text is meant for us at all. */
  recognises(credential: string): boolean;
  /** A promise only when somebody has to be asked. @throws DomainError UNAUTHENTICATED and the like */
  identify(credential: string): Principal | Promise<Principal>;
}

/** Lets an identified caller in as far as their limits allow; `LimitsGate` is one. */
export interface Gate {
  admit(principal: Principal, request: EdgeRequest, response: EdgeResponse): void | Promise<void>;
}

export interface AccessOptions {
  /** Whether callers without a key are refused. */
  readonly requireApiKey: boolean;
  /** Whether the server listens on loopback addresses only. */
  readonly loopback: boolean;
  readonly identification: Identification;
  readonly gate?: Gate;
}

// A decorated method is one function, but subclasses may share it under another class.
type RulesOfClass = Map<object, AccessRule | undefined>;

/**
 * Refuses every request whose handler does not say who may call it, or whose
 * caller may not. Answers at once unless a key or a token has to be looked up:
 * a promise would cost every request of the hot path.
 */
export class AccessGuard implements CanActivate {
  private readonly rules = new WeakMap<object, RulesOfClass>();

  constructor(private readonly options: AccessOptions) {}

  canActivate(host: ExecutionContext): boolean | Promise<boolean> {
    const rule = this.ruleOf(host.getClass(), host.getHandler());
    const request = host.getArgByIndex<EdgeRequest>(0);
    if (rule === undefined) {
      throw new DomainError('FORBIDDEN', 'This route does not declare who may call it.');
    }
    if (this.isOpen(rule)) {
      request.scope.principal = ANONYMOUS;
      return true;
    }
    const response = host.getArgByIndex<EdgeResponse>(1);
    const principal = this.identify(request);
    return principal instanceof Promise
      ? principal.then((known) => this.admit(known, rule, request, response))
      : this.admit(principal, rule, request, response);
  }

  private isOpen(rule: AccessRule): boolean {
    if (rule.kind === 'public') return true;
    return rule.kind === 'permission' && rule.publicOnLoopback && this.options.loopback;
  }

  private identify(request: EdgeRequest): Principal | Promise<Principal> {
    const { requireApiKey, identification } = this.options;
    const credential = credentialOf(request);
    if (credential === undefined) {
      if (!requireApiKey) return ANONYMOUS;
      throw new DomainError(
        'UNAUTHENTICATED',
        'A key is needed. Send it in X-API-Key or as "Authorization: Bearer KEY".',
      );
    }
    // Clients written against a server that needs no key may send any.
    if (!requireApiKey && !identification.recognises(credential)) return ANONYMOUS;
    return identification.identify(credential);
  }

  private admit(
    principal: Principal,
    rule: AccessRule,
    request: EdgeRequest,
    response: EdgeResponse,
  ): boolean | Promise<boolean> {
    if (rule.kind === 'permission' && !principal.permissions.has(rule.permission)) {
      throw new DomainError(
        'FORBIDDEN',
        `This needs the permission "${rule.permission}". Use a key that holds it.`,
      );
    }
    request.scope.principal = principal;
    const admitted = this.options.gate?.admit(principal, request, response);
    return admitted === undefined ? true : admitted.then(() => true);
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

/** The tenant of a request whose credentials need not be looked up, for it neither needs nor shows any. */
export function evidentTenant(
  { headers }: EdgeRequest,
  { requireApiKey }: AccessOptions,
): string | undefined {
  if (requireApiKey) return undefined;
  const isAnonymous = headers.authorization === undefined && headers['x-api-key'] === undefined;
  return isAnonymous ? ANONYMOUS.tenantId : undefined;
}

const BEARER = /^Bearer +([^\s]+) *$/i;

/** The one credential of a request; undefined when it shows none. */
function credentialOf(request: EdgeRequest): string | undefined {
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
