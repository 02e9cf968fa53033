export type { AccessConfig } from './access-rule.js';
export * from './app-config.js';
export * from './config-table.js';
export * from './configuration-error.js';
export { ENVIRONMENTS, LOG_LEVELS } from './environment.schema.js';
export type { EnvironmentName, LogLevel } from './environment.schema.js';
