import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '@app/audit';
import { DomainError, type RequestContext } from '@app/common';
import type { Transaction } from '@app/database';
import { JobFiles, type FileRow } from '@app/jobs';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import type { Acting } from '../admin/acting.js';
import { JOB_ROUTES_OPTIONS, type JobRoutesOptions } from '../jobs/job-routes-options.js';
import type { FileResponse } from './files.dto.js';
import { uploadBody } from './upload-body.js';

/** Between the file routes and the library. */
@Injectable()
export class FilesService {
  constructor(
    private readonly files: JobFiles,
    private readonly audit: AuditLog,
    @Inject(JOB_ROUTES_OPTIONS) private readonly options: JobRoutesOptions,
  ) {}

  /** @throws DomainError as JobFiles.receive and uploadBody do */
  async upload(
    request: EdgeRequest,
    response: EdgeResponse,
    context: RequestContext,
    acting: Acting,
  ): Promise<FileResponse> {
    this.assertLength(request);
    const file = await this.files.receive(uploadBody(request, response), context, (tx, { id }) =>
      this.record(tx, acting, 'file.upload', id, 201),
    );
    const base = `${this.options.publicUrl ?? ''}${request.scope.prefix}`;
    response.setHeader('Location', `${base}/files/${file.id}`);
    return toResponse(file);
  }

  /** @throws DomainError NOT_FOUND */
  async get(id: string, context: RequestContext): Promise<FileResponse> {
    return toResponse(await this.files.get(context.tenantId, id));
  }

  /** @throws DomainError NOT_FOUND, CONFLICT while an unfinished job reads it */
  delete(id: string, context: RequestContext, acting: Acting): Promise<void> {
    return this.files.delete(context.tenantId, id, (tx) =>
      this.record(tx, acting, 'file.delete', id, 204),
    );
  }

  /** Refuses what says beforehand that it is nothing or too much; a form is a little longer than its file. */
  private assertLength({ headers }: EdgeRequest): void {
    const declared = headers['content-length'];
    if (declared === undefined && headers['transfer-encoding'] !== undefined) return;
    if (declared === undefined || declared === '0') {
      throw new DomainError(
        'MALFORMED_REQUEST',
        'The request has no body. Send the file as the body, or in a multipart form.',
      );
    }
    this.files.assertSize(Number(declared) - LONGEST_FORM);
  }

  private record(
    tx: Transaction,
    acting: Acting,
    action: string,
    id: string,
    status: number,
  ): Promise<void> {
    const object = { kind: 'file', id };
    return this.audit.record(tx, { ...acting, action, object, result: 'success', status });
  }
}

/** What a form may add to its file, in bytes. */
const LONGEST_FORM = 65_536;

export function toResponse(file: FileRow): FileResponse {
  return {
    file_id: file.id,
    size: file.size,
    sha256: file.sha256.toString('hex'),
    format: file.format,
    rows: file.rows,
    columns: file.columns,
    created_at: file.createdAt.toISOString(),
    expires_at: file.expiresAt.toISOString(),
  };
}
