import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { importHuggingFaceFolder } from './import/import-model.js';
import type { ModelStatus } from './manifest.js';
import { findModels, findVersionFolders, openRegistry } from './open-registry.js';
import { ASSERTION_FILES, writeFiles } from './testing/hugging-face-folder.js';

describe('openRegistry', () => {
  let scratch: string;
  let bundled: string;
  let own: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'registry-'));
    [bundled, own] = [join(scratch, 'bundled'), join(scratch, 'own')];
  });
  afterEach(() => rm(scratch, { recursive: true }));

  async function add(root: string, name: string, version: string, status?: ModelStatus) {
    const source = await writeFiles(join(scratch, 'source'), ASSERTION_FILES);
    return (await importHuggingFaceFolder(source, { root, name, version, status })).folder;
  }
  const open = (...serve: string[]) => openRegistry({ roots: [bundled, own], serve });

  it('finds models in every root, also when one does not exist', async () => {
    await add(bundled, 'a', '1.0.0');
    expect((await open()).names()).toEqual(['a']);
    await add(own, 'b', '1.0.0');
    await add(own, 'a', '1.1.0');
    const registry = await open();
    expect(registry.names()).toEqual(['a', 'b']);
    expect(registry.resolve({ name: 'a' }).version).toBe('1.1.0');
  });

  it('reads a root that is named twice once', async () => {
    await add(bundled, 'a', '1.0.0');
    const registry = await openRegistry({ roots: [bundled, `${bundled}/`], serve: [] });
    expect(registry.versions('a')).toHaveLength(1);
  });

  it('passes over folders that hold no model, and over work in progress', async () => {
    await writeFiles(join(bundled, 'training/data'), { 'notes.txt': '' });
    await writeFiles(join(bundled, '.import-x/new'), { 'model.json': '{' });
    await writeFiles(bundled, { 'manifest.schema.json': '{}' });
    expect(await findModels(bundled)).toEqual([]);
  });

  it('follows a link to a model that lies elsewhere', async () => {
    await add(own, 'a', '1.0.0');
    await writeFiles(bundled, {});
    await symlink(join(own, 'a'), join(bundled, 'a'));
    const found = await findVersionFolders(bundled);
    expect(found.map((folder) => basename(folder))).toEqual(['1.0.0']);
  });

  it('stops at a model with changed files, but only if it would be served', async () => {
    await add(bundled, 'a', '1.0.0');
    for (const status of ['stable', 'retired'] as const) {
      const version = status === 'stable' ? '1.0.0' : '0.9.0';
      const folder = await add(own, 'b', version, status);
      await writeFile(join(folder, 'tokenizer_config.json'), '{}');
    }
    await expect(open()).rejects.toThrow(/b\/1\.0\.0 cannot be used:\n .*tokenizer_config\.json/);
    expect((await open('a')).servable()).toHaveLength(1);
  });

  it('stops at an unsound manifest', async () => {
    await writeFiles(join(own, 'a/1.0.0'), { 'model.json': { name: 'a' } });
    await expect(open()).rejects.toThrow(/a\/1\.0\.0 cannot be used/);
  });

  it('stops at a root that is not a folder', async () => {
    await writeFile(own, '');
    await expect(open()).rejects.toThrow(/own cannot be listed/);
  });
});
