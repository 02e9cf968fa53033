import { Readable } from 'node:stream';
import { Injectable, StreamableFile } from '@nestjs/common';
import { AuditLog, describeFinding, type AuditEntry, type AuditFilter } from '@app/audit';
import { tenantScope, type Principal } from '@app/auth';
import { invalidField } from '@app/common';
import { toCursor, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from './acting.js';
import { toAuditFilter } from './audit-filter.query.js';
import type { AuditEntryList, AuditEntryResponse, AuditVerificationResponse } from './audit.dto.js';
import { AuditedActs } from './audited-acts.js';

type Query = Readonly<Record<string, unknown>>;

/** The audit log as its readers see it: their own tenant's part. Reading it is itself recorded. */
@Injectable()
export class AdminAuditService {
  constructor(
    private readonly audit: AuditLog,
    private readonly acts: AuditedActs,
  ) {}

  async list(
    query: Query,
    page: PageRequest,
    caller: Principal,
    acting: Acting,
  ): Promise<AuditEntryList> {
    const filter = filterFor(query, caller);
    await this.recordReading(acting, 'audit_log.read');
    const { entries, nextCursor, total } = await this.audit.list(
      filter,
      page.limit,
      page.after ?? undefined,
    );
    return { data: entries.map(toResponse), next_cursor: toCursor(nextCursor), total };
  }

  async verify(): Promise<AuditVerificationResponse> {
    const found = await this.audit.verify();
    const { unanchored } = found;
    return {
      sound: found.sound,
      rows: found.rows,
      checkpoints: found.checkpoints,
      finding_count: found.findingCount,
      findings: found.findings.map(describeFinding),
      unanchored:
        unanchored === null
          ? null
          : {
              rows: unanchored.rows,
              from: unanchored.from.toISOString(),
              to: unanchored.to.toISOString(),
            },
    };
  }

  async export(query: Query, caller: Principal, acting: Acting): Promise<StreamableFile> {
    const format = query['format'] ?? 'jsonl';
    if (format !== 'jsonl' && format !== 'csv') {
      throw invalidField('format', 'unknown', 'format must be jsonl or csv.');
    }
    const filter = filterFor(query, caller);
    await this.recordReading(acting, 'audit_log.export');
    return new StreamableFile(Readable.from(this.audit.export(filter, format)), {
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      disposition: `attachment; filename="audit-log.${format}"`,
    });
  }

  private recordReading(acting: Acting, action: string): Promise<void> {
    return this.acts.perform(acting, { action, object: { kind: 'audit_log' } }, () =>
      Promise.resolve(),
    );
  }
}

function filterFor(query: Query, caller: Principal): AuditFilter {
  const scope = tenantScope(caller);
  const filter = toAuditFilter(query);
  return scope === null ? filter : { ...filter, tenantId: scope };
}

function toResponse(entry: AuditEntry): AuditEntryResponse {
  return {
    seq: entry.seq,
    id: entry.id,
    at: entry.at.toISOString(),
    tenant_id: entry.tenantId,
    actor_kind: entry.actorKind,
    actor_id: entry.actorId,
    session_id: entry.sessionId,
    key_id: entry.keyId,
    action: entry.action,
    object_kind: entry.objectKind,
    object_id: entry.objectId,
    patient_hash: entry.patientHash,
    reason: entry.reason,
    result: entry.result,
    status: entry.status,
    address: entry.address,
    user_agent: entry.userAgent,
    request_id: entry.requestId,
  };
}
