import type { Tracing, TracingOptions } from './tracing.js';

/** Loads OpenTelemetry: only here, so that a service without traces pays for none of it. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { OtlpTracing } = await import('./otlp-tracing.js');
  return new OtlpTracing(options);
}
