export type { DatabaseLog } from './database-log.js';
export { DatabaseModule } from './database.module.js';
export { DatabaseProbe } from './database.probe.js';
export { Database, type Queryable } from './database.js';
export type { Transaction } from './guarded-session.js';
export { openDatabase, type DatabaseOptions } from './open-database.js';
export {
  isForeignKeyViolation,
  isTransactionConflict,
  isUniqueViolation,
  QueryError,
} from './query-error.js';
export { translateError } from './translate-error.js';
