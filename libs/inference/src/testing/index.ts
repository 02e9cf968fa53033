export { BERT_BASE, writeModelFolder, type ModelFolderOptions } from './model-folder.js';
export { SeededRandom } from './seeded-random.js';
export { defaultVocabulary } from './wordpiece-vocabulary.js';
export { turnsDuring } from './event-loop.js';
export * from './fake-runtime.js';
export * from './manual-runtime.js';
export { writeServedModel } from './served-model.js';
