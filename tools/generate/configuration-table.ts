import { configTable } from '@app/config';
import { replaceBetweenMarkers } from './generated-file.js';
import type { GeneratedFile } from './generated-file.js';

/** The operator's variables in the README. */
export const configurationTable: GeneratedFile = {
  path: 'README.md',
  what: 'the configuration table',
  render: (current) => replaceBetweenMarkers(current, 'configuration', configTable()),
};
