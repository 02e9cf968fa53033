import { setTimeout as sleep } from 'node:timers/promises';
import {
  diag,
  DiagLogLevel,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions';
import type { RequestSpan, TracedOutcome } from './request-tracer.js';
import type { Tracing, TracingOptions } from './tracing.js';

/** Spans kept while the collector is slow or away; further ones are dropped. */
const MOST_KEPT = 2_048;
const MOST_AT_ONCE = 512;
const SEND_EVERY_MS = 5_000;
const SEND_TIMEOUT_MS = 5_000;
const CLOSE_MS = 2_000;
const WARN_EVERY_MS = 60_000;

const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-|$)/;
/** Methods are few; a caller may make up others. */
const METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
]);

/** Sends the spans of requests to an OpenTelemetry collector, in batches and off the request's way. */
export class OtlpTracing implements Tracing {
  private readonly provider: NodeTracerProvider;
  private readonly tracer: Tracer;

  constructor({ endpoint, version, log, sendEveryMs = SEND_EVERY_MS }: TracingOptions) {
    warnOf(log);
    const exporter = new OTLPTraceExporter({
      url: `${endpoint}/v1/traces`,
      timeoutMillis: SEND_TIMEOUT_MS,
    });
    const own = resourceFromAttributes({
      [ATTR_SERVICE_NAME]: 'clinserve',
      [ATTR_SERVICE_VERSION]: version,
    });
    this.provider = new NodeTracerProvider({
      resource: defaultResource().merge(own),
      spanProcessors: [
        new BatchSpanProcessor(exporter, {
          maxQueueSize: MOST_KEPT,
          maxExportBatchSize: MOST_AT_ONCE,
          scheduledDelayMillis: sendEveryMs,
          exportTimeoutMillis: SEND_TIMEOUT_MS,
        }),
      ],
    });
    // Contexts are handed down explicitly: nothing is registered globally, and no request
    // pays for an asynchronous context.
    this.tracer = this.provider.getTracer('clinserve', version);
  }

  start(method: string, startedAt: number, traceparent: unknown): RequestSpan {
    const known = METHODS.has(method) ? method : '_OTHER';
    // The SDK would measure each span by a clock of its own, and stages would not meet.
    const offset = Date.now() - performance.now();
    const span = this.tracer.startSpan(
      known,
      {
        kind: SpanKind.SERVER,
        startTime: startedAt + offset,
        attributes: { [ATTR_HTTP_REQUEST_METHOD]: known },
      },
      parentOf(traceparent),
    );
    return new OtlpRequestSpan(this.tracer, span, known, startedAt, offset);
  }

  async close(): Promise<void> {
    const flushed = this.provider.shutdown().catch(() => undefined);
    await Promise.race([flushed, sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

class OtlpRequestSpan implements RequestSpan {
  readonly traceId: string;

  constructor(
    private readonly tracer: Tracer,
    private readonly span: Span,
    private readonly method: string,
    private readonly startedAt: number,
    /** From the `performance.now()` clock to that of the world. */
    private readonly offset: number,
  ) {
    this.traceId = span.spanContext().traceId;
  }

  predicted(queueMs: number, runMs: number): void {
    if (!this.span.isRecording()) return;
    const now = performance.now();
    const ranFrom = Math.max(this.startedAt, now - runMs);
    const waitedFrom = Math.max(this.startedAt, ranFrom - queueMs);
    this.stage('queue', waitedFrom, ranFrom);
    this.stage('run', ranFrom, now);
  }

  end({ route, status, requestId, tenantId }: TracedOutcome): void {
    const { span } = this;
    if (route !== 'unmatched') {
      span.updateName(`${this.method} ${route}`);
      span.setAttribute(ATTR_HTTP_ROUTE, route);
    }
    span.setAttribute(ATTR_HTTP_RESPONSE_STATUS_CODE, status);
    span.setAttribute('clinserve.request_id', requestId);
    if (tenantId !== null) span.setAttribute('clinserve.tenant_id', tenantId);
    if (status >= 500) {
      span.setAttribute(ATTR_ERROR_TYPE, String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(performance.now() + this.offset);
  }

  private stage(name: string, from: number, to: number): void {
    const context = trace.setSpan(ROOT_CONTEXT, this.span);
    const span = this.tracer.startSpan(name, { startTime: from + this.offset }, context);
    span.end(to + this.offset);
  }
}

/** The caller's span, when the header names one. */
function parentOf(traceparent: unknown): Context {
  const match = typeof traceparent === 'string' ? TRACE_PARENT.exec(traceparent) : null;
  const [, traceId = '', spanId = '', flags = ''] = match ?? [];
  const parent = { traceId, spanId, traceFlags: parseInt(flags, 16) & 1, isRemote: true };
  return isSpanContextValid(parent) ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
}

/** The SDK speaks to one logger of the process, and would repeat itself with every batch. */
function warnOf(log: TracingOptions['log']): void {
  let next = -Infinity;
  const warn = (message: string) => {
    if (performance.now() < next) return;
    next = performance.now() + WARN_EVERY_MS;
    log.warn({ reason: message.slice(0, 500) }, 'traces are not taken; some will be lost');
  };
  const silent = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: silent, debug: silent, verbose: silent },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
