export * from './csv-line.js';
export * from './domain-error.js';
export * from './ids.js';
export * from './ports.js';
export * from './request-context.js';
export * from './setup-error.js';
