import { MANIFEST_SCHEMA } from '@app/model-registry';
import type { GeneratedFile } from './generated-file.js';

/** The form of a model's manifest, for editors and other programs. */
export const manifestSchema: GeneratedFile = {
  path: 'models/manifest.schema.json',
  what: 'the manifest’s JSON Schema',
  render: () => `${JSON.stringify(MANIFEST_SCHEMA, null, 2)}\n`,
};
