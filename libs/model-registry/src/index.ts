export * from './manifest-file.js';
export * from './manifest.js';
export * from './manifest.schema.js';
export * from './model-registry.js';
export * from './model-registry.module.js';
export * from './model-version.js';
export * from './open-registry.js';
