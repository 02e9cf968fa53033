import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from '@app/config';
import { createApp } from '../../apps/api/src/create-app.js';
import type { GeneratedFile } from './generated-file.js';

/** The HTTP interface, as the wired application describes it. */
export const openApiDocument: GeneratedFile = {
  path: 'docs/openapi.json',
  what: 'the OpenAPI document',
  async render() {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'clinserve-openapi-'));
    try {
      const config = loadConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent' });
      const { app, edge, state } = await createApp(config);
      await app.close();
      await state.close();
      return `${JSON.stringify(edge.document, null, 2)}\n`;
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  },
};
