export { freshDatabase, type FreshDatabase } from './fresh-database.js';
export { SILENT_LOG } from './silent-log.js';
export { testServer } from './test-server.js';
