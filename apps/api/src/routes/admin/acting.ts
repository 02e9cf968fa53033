import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { AuditEvent } from '@app/audit';
import { DEFAULT_TENANT } from '@app/auth';
import type { EdgeRequest } from '../../http/adapter/exchange.js';
import { clientAddress } from '../../http/hardening/client-address.js';

const LONGEST_REASON = 500;
const LONGEST_AGENT = 256;

/** Who acts, from where and why, as the audit log wants it. */
export type Acting = Pick<
  AuditEvent,
  'tenantId' | 'actor' | 'sessionId' | 'keyId' | 'reason' | 'address' | 'userAgent' | 'requestId'
>;

/** Hands a route who acts, for its audit event: `create(@Actor() acting: Acting)`. */
export const Actor: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): Acting => actingOf(host.getArgByIndex<EdgeRequest>(0)),
);

export function actingOf(request: EdgeRequest): Acting {
  const { principal, requestId } = request.scope;
  const reason = request.headers['x-access-reason'];
  return {
    tenantId: principal?.tenantId ?? DEFAULT_TENANT,
    actor: { kind: principal?.kind ?? 'anonymous', id: principal?.principalId ?? 'anonymous' },
    sessionId: principal?.sessionId ?? null,
    keyId: principal?.keyId ?? null,
    reason: typeof reason === 'string' ? reason.slice(0, LONGEST_REASON) : null,
    address: clientAddress(request),
    userAgent: request.headers['user-agent']?.slice(0, LONGEST_AGENT) ?? null,
    requestId,
  };
}
