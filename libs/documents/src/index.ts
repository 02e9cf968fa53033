export * from './documents.module.js';
export * from './notes/note-analysis.js';
export * from './notes/note-analyzer.js';
