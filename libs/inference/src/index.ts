export * from './runtime/runtime.js';
export * from './tasks/task.js';
export * from './tokenization/tokenizer.js';
export { createTokenizer } from './tokenization/wordpiece-tokenizer.js';
export * from './answers/prediction-json.js';
export * from './answers/result-line.js';
export * from './canary.js';
export * from './engine.js';
export * from './inference.module.js';
export * from './inference.service.js';
export * from './model-pool.js';
export * from './queue.probe.js';
export * from './scheduler/scheduler-options.js';
export * from './scheduler/scheduler.js';
export type * from './scheduler/work.js';
export * from './tokenization/offsets.js';
export { mapInTurns, turnsFor, Turns } from './turns.js';
export * from './tasks/task-registry.js';
export type * from './tasks/assertion/assertion.task.js';
export {
  ASSERTION_LABELS,
  assertionLabels,
  type AssertionLabel,
} from './tasks/assertion/assertion-label.js';
export type * from './tasks/text-classification/text-classification.task.js';
export type * from './tasks/token-classification/token-classification.task.js';
export type { LabelledSpan } from './tasks/token-classification/span-decoder.js';
export type * from './tasks/embedding/embedding.task.js';
export { LaneRuntime } from './runtime/lane-runtime.js';
export { hostResources, type HostResources } from './runtime/host-resources.js';
export { planLanes, type LaneDemand, type LanePlan } from './runtime/lane-plan.js';
export { type LaneExit, type LaneRuntimeOptions } from './runtime/lane-options.js';
export { probeProviders, type ProviderProbe } from './runtime/providers.js';
