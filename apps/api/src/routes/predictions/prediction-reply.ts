import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { DomainError } from '@app/common';
import type { InferenceAnswer, ItemPrediction } from '@app/inference';
import type { ModelSelector } from '@app/model-registry';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';

/** What a prediction says outside its body: which version was asked for and answered, and where the time went. */
export class PredictionReply {
  readonly startedAt = performance.now();

  constructor(
    private readonly request: EdgeRequest,
    private readonly response: EdgeResponse,
  ) {}

  /** The version asked for, by header or in the body; two different wishes are refused. */
  requestedVersion(inBody: string | undefined): ModelSelector['version'] {
    const header = this.request.headers['x-model-version'];
    const inHeader = typeof header === 'string' && header !== '' ? header : undefined;
    if (inHeader !== undefined && inBody !== undefined && inHeader !== inBody) {
      throw new DomainError(
        'MALFORMED_REQUEST',
        'X-Model-Version and model_version name different versions. Send one of them.',
      );
    }
    return inBody ?? inHeader;
  }

  /** Counts a batch's items against the caller's quota. @throws DomainError QUOTA_EXCEEDED */
  chargeItems(count: number): void | Promise<void> {
    return this.request.scope.allowance?.chargeItems(count);
  }

  /** Puts the headers of an answered prediction on the response. */
  announce(answer: InferenceAnswer): void {
    const { version, status } = answer.model;
    this.response.setHeader('X-Model-Version', version);
    this.response.setHeader('X-Model-Status', status);
    this.time(answer.items);
  }

  /** Says how long predictions waited and ran: the slowest of each. */
  time(predictions: readonly ItemPrediction[]): void {
    let queueMs = 0;
    let runMs = 0;
    for (const { result } of predictions) {
      queueMs = Math.max(queueMs, result.queueMs);
      runMs = Math.max(runMs, result.runMs);
    }
    this.response.scope.set({ queueMs, runMs });
  }

  elapsedMs(): number {
    return roundMs(performance.now() - this.startedAt);
  }
}

/** Hands a route its PredictionReply. */
export const Reply: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext) =>
    new PredictionReply(host.getArgByIndex<EdgeRequest>(0), host.getArgByIndex<EdgeResponse>(1)),
);

/** Microsecond resolution: more digits would be noise. */
export function roundMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/**
 * A request id in the form System A promises (`^req-\w+-\w+$`), even when the
 * caller's own id, which the headers echo, has another.
 */
export function systemARequestId(requestId: string): string {
  return /^req-\w+-\w+$/.test(requestId)
    ? requestId
    : `req-client-${requestId.replace(/\W/g, '_')}`;
}
