import { appendFile, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeFile, manifestProblems, readManifest, verifyFiles } from './manifest-file.js';
import type { ModelManifest } from './manifest.js';
import { writeFiles } from './testing/hugging-face-folder.js';
import { manifestOf } from './testing/manifest.js';

describe('a manifest', () => {
  it('is sound with every field in its form', () => {
    expect(manifestProblems(manifestOf())).toEqual([]);
  });

  it.each<[string, object]>([
    ['batching.maxPaddingWaste', { batching: { maxBatchTokens: 256, maxPaddingWaste: 2 } }],
    ['colour', { colour: 'red' }],
    ['name', { name: 'Assertion' }],
    ['version', { version: '1.0' }],
    ['task', { task: 'chat' }],
    ['labels', { labels: ['YES', 'YES'] }],
    ['labels', { labels: ['YES'] }],
    ['labels', { task: 'embedding', embedding: { pooling: 'mean', normalize: true } }],
    ['embedding', { task: 'embedding', labels: [] }],
    ['entityMarker', { entityMarker: undefined }],
    ['entityMarker', { entityMarker: null }],
    ['inputs.mask', { inputs: { ids: 'input_ids', mask: null } }],
    ['other.onnx', { model: 'other.onnx' }],
    ['model', { model: '../model.onnx' }],
    ['model', { model: '/etc/passwd' }],
    ['providers.0', { providers: ['tpu'] }],
    ['calibration.temperature', { calibration: { temperature: 0 } }],
  ])('names the field %s when it is wrong, %#', (field, change) => {
    const problems = manifestProblems({ ...manifestOf(), ...change });
    expect(problems.some((problem) => problem.includes(field))).toBe(true);
  });
});

describe('a version’s folder', () => {
  let root: string;
  let folder: string;
  let manifest: ModelManifest;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'manifest-'));
    folder = await writeFiles(join(root, 'assertion/1.0.0'), {
      'model.onnx': 'weights',
      'tokenizer.json': {},
      'tokenizer_config.json': {},
    });
    const names = manifestOf().files.map(({ path }) => path);
    const files = await Promise.all(names.map((name) => describeFile(folder, name)));
    manifest = manifestOf({ files });
    await writeFiles(folder, { 'model.json': manifest });
  });
  afterEach(() => rm(root, { recursive: true }));

  it('is used when everything is as its manifest says', async () => {
    expect(await readManifest(folder)).toEqual(manifest);
    await verifyFiles(folder, manifest);
  });

  it.each<[string, RegExp, () => Promise<void>]>([
    ['a changed file', /model\.onnx does not match/, () => write('model.onnx', 'Weights')],
    ['a longer file', /model\.onnx has 8 bytes, not 7/, () => appendFile(path('model.onnx'), '!')],
    ['a missing file', /tokenizer\.json is missing/, () => rm(path('tokenizer.json'))],
    [
      'a link that leads out',
      /model\.onnx leads out of the folder/,
      async () => {
        await write('../../model.onnx', 'weights');
        await rm(path('model.onnx'));
        await symlink('../../model.onnx', path('model.onnx'));
      },
    ],
    [
      'a folder instead of a file',
      /tokenizer\.json is not a file/,
      async () => {
        await rm(path('tokenizer.json'));
        await writeFiles(path('tokenizer.json'), { inside: '' });
      },
    ],
  ])('is refused with %s', async (_, problem, damage) => {
    await damage();
    await expect(verifyFiles(folder, manifest)).rejects.toThrow(problem);
  });

  it.each<[string, RegExp, object | string]>([
    ['of another name', /name is other but the folder says assertion/, { name: 'other' }],
    ['of another version', /version is 2\.0\.0 but the folder says 1\.0\.0/, { version: '2.0.0' }],
    ['with a wrong field', /maxTokens must be integer/, { maxTokens: 'many' }],
    ['that is not JSON', /model\.json cannot be read/, '{'],
  ])('is refused with a manifest %s', async (_, problem, change) => {
    const content = typeof change === 'string' ? change : { ...manifest, ...change };
    await writeFiles(folder, { 'model.json': content });
    await expect(readManifest(folder)).rejects.toThrow(problem);
    await expect(readManifest(folder)).rejects.toThrow(folder);
  });

  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => writeFile(path(name), text);
});
