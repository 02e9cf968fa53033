import type { DatabaseLog } from '../database-log.js';

export const SILENT_LOG: DatabaseLog = { info: () => {}, warn: () => {}, error: () => {} };
