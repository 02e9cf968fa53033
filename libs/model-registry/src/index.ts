export { describeModel, type DescribedModel } from './import/describe-model.js';
export { ImportError } from './import/import-error.js';
export {
  importHuggingFaceFolder,
  type ImportedModel,
  type ImportOptions,
} from './import/import-model.js';
export * from './manifest-file.js';
export * from './manifest.js';
export * from './manifest.schema.js';
export * from './model-registry.js';
export * from './model-registry.module.js';
export * from './model-version.js';
export * from './open-registry.js';
