import type { EdgeRequest } from '../../http/adapter/exchange.js';

/** Addresses of a job, under the prefix that the caller used. */
export class JobLinks {
  private readonly base: string;

  constructor(publicUrl: string | null, request: EdgeRequest) {
    this.base = `${publicUrl ?? ''}${request.scope.prefix}/jobs/`;
  }

  status(jobId: string): string {
    return this.base + jobId;
  }

  results(jobId: string): string {
    return `${this.status(jobId)}/results`;
  }
}
