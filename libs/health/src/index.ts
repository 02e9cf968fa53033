export * from './health.module.js';
export * from './health.service.js';
export * from './lifecycle.js';
export * from './resource.probe.js';
