export * from './runtime/runtime.js';
export * from './tasks/task.js';
export * from './tokenization/tokenizer.js';
