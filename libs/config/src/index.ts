export type { AccessConfig } from './access-rule.js';
export * from './app-config.js';
export * from './config-table.js';
export * from './configuration-error.js';
export { ENVIRONMENTS, LOG_LEVELS } from './environment.schema.js';
export type { OidcConfig } from './oidc-settings.js';
export type { EnvironmentName, LogLevel, Role } from './environment.schema.js';
