import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readManifest, verifyFiles } from '../manifest-file.js';
import {
  ASSERTION_CONFIG,
  ASSERTION_FILES,
  ASSERTION_GRAPH,
  writeFiles,
  type FolderFiles,
} from '../testing/hugging-face-folder.js';
import { FLOAT16, FLOAT32, INT32, INT8, INT64, onnxBytes } from '../testing/onnx-bytes.js';
import { importHuggingFaceFolder } from './import-model.js';

describe('importHuggingFaceFolder', () => {
  let scratch: string;
  let root: string;
  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'import-'));
    root = join(scratch, 'models');
  });
  afterEach(() => rm(scratch, { recursive: true }));

  const source = (files: FolderFiles = {}) =>
    writeFiles(join(scratch, 'Clinical BERT'), { ...ASSERTION_FILES, ...files });
  const graph = (change: Partial<typeof ASSERTION_GRAPH>) => ({
    'model.onnx': onnxBytes({ ...ASSERTION_GRAPH, ...change }),
  });
  const config = (change: object) => ({ 'config.json': { ...ASSERTION_CONFIG, ...change } });

  it('takes the public assertion model, from the files an old export has', async () => {
    const { folder, manifest } = await importHuggingFaceFolder(await source(), { root });
    expect(folder).toBe(join(root, 'clinical-bert/1.0.0'));
    expect(manifest).toMatchObject({
      name: 'clinical-bert',
      version: '1.0.0',
      task: 'assertion',
      status: 'stable',
      labels: ['PRESENT', 'ABSENT', 'POSSIBLE'],
      entityMarker: '[entity]',
      inputs: { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' },
      output: 'logits',
      maxTokens: 512,
      vocabSize: 7,
      precision: 'fp32',
      calibration: { temperature: 1 },
    });
    expect(await readManifest(folder)).toEqual(manifest);
    await verifyFiles(folder, manifest);
    expect(await readdir(root)).toEqual(['clinical-bert']);
  });

  it.each([
    ['token-classification', 'BertForTokenClassification', ['batch', 'sequence', 3]],
    ['text-classification', 'BertForSequenceClassification', ['batch', 3]],
  ])('recognises %s by its architecture', async (task, architecture, dims) => {
    const folder = await source({
      ...config({
        architectures: [architecture],
        id2label: { 0: 'O', 1: 'B-DRUG', 2: 'I-DRUG' },
        temperature: 1.5,
      }),
      ...graph({ outputs: [{ name: 'logits', type: FLOAT32, dims }] }),
    });
    const { manifest } = await importHuggingFaceFolder(folder, { root });
    expect(manifest).toMatchObject({ task, labels: ['O', 'B-DRUG', 'I-DRUG'] });
    expect(manifest.calibration.temperature).toBe(1.5);
    expect(manifest.entityMarker).toBeUndefined();
  });

  it('takes pooling and normalisation of an embedding model from its folder', async () => {
    const hidden = { name: 'last_hidden_state', type: FLOAT32, dims: ['batch', 'sequence', 4] };
    const folder = await source({
      ...config({ architectures: ['BertModel'], id2label: undefined }),
      ...graph({ outputs: [hidden] }),
      '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: false },
      'modules.json': '[{"type": "sentence_transformers.models.Transformer"}]',
    });
    const { manifest } = await importHuggingFaceFolder(folder, { root });
    expect(manifest).toMatchObject({ task: 'embedding', labels: [], output: 'last_hidden_state' });
    expect(manifest.embedding).toEqual({ pooling: 'cls', normalize: false });
  });

  it.each([
    ['sentence_transformers.models.Dense', /modules\.json: .*models\.Dense is not served/],
    ['sentence_transformers.models.LayerNorm', /modules\.json: .*models\.LayerNorm is not served/],
    [undefined, /modules\.json: .*without type is not served/],
  ])('refuses an embedding model with a step it cannot take: %s', async (type, reason) => {
    const hidden = { name: 'last_hidden_state', type: FLOAT32, dims: ['batch', 'sequence', 4] };
    const steps = ['Transformer', 'Pooling', 'Normalize'].map((name) => ({
      type: `sentence_transformers.models.${name}`,
    }));
    const files = {
      ...config({ architectures: ['BertModel'], id2label: undefined }),
      ...graph({ outputs: [hidden] }),
      '1_Pooling/config.json': { pooling_mode_mean_tokens: true },
    };
    const served = await source({ ...files, 'modules.json': steps });
    const { manifest } = await importHuggingFaceFolder(served, { root });
    expect(manifest.embedding).toEqual({ pooling: 'mean', normalize: true });
    const other = await source({ ...files, 'modules.json': [...steps, { type }] });
    const refused = importHuggingFaceFolder(other, { root, force: true });
    await expect(refused).rejects.toThrow(reason);
  });

  it.each(['assertion', 'text-classification', 'token-classification'] as const)(
    'refuses several labels a text also when told that the task is %s',
    async (task) => {
      const folder = await source(config({ problem_type: 'multi_label_classification' }));
      await expect(importHuggingFaceFolder(folder, { root, task })).rejects.toThrow(
        /multi_label_classification, which is not served/,
      );
    },
  );

  it.each([
    ['fp32', FLOAT32, 'MatMul', 0],
    ['fp16', FLOAT16, 'MatMul', 0],
    ['int8', INT8, 'QLinearMatMul', 0],
    ['int8', INT8, 'DynamicQuantizeLinear', 1],
    ['fp32', INT8, 'Cast', 0],
  ])('reads the precision %s off the weights, %#', async (precision, type, operator, warnings) => {
    const folder = await source(
      graph({
        operators: [operator],
        initializers: [
          { name: 'x', type, dims: [700, 4] },
          { name: 'scale', type: type === FLOAT32 ? INT8 : FLOAT32, dims: [4] },
        ],
      }),
    );
    const imported = await importHuggingFaceFolder(folder, { root });
    expect(imported.manifest.precision).toBe(precision);
    expect(imported.warnings).toHaveLength(warnings);
  });

  it('takes the lower of the limits that the model and its tokenizer state', async () => {
    const add = async (maxTokens: number, change: object = {}) => {
      const settings = { do_lower_case: true, model_max_length: maxTokens };
      const folder = await source({ 'tokenizer_config.json': settings, ...config(change) });
      return (await importHuggingFaceFolder(folder, { root, force: true })).manifest.maxTokens;
    };
    expect(await add(128)).toBe(128);
    expect(await add(1024)).toBe(512);
    expect(await add(256, { max_position_embeddings: undefined })).toBe(256);
    await expect(add(1e30, { max_position_embeddings: undefined })).rejects.toThrow(
      /how many tokens the model takes/,
    );
  });

  it('does not take the constants that old exporters list among the inputs for inputs', async () => {
    const weights = { name: 'embeddings', type: FLOAT32, dims: [7, 4] };
    const folder = await source(graph({ inputs: [...ASSERTION_GRAPH.inputs, weights] }));
    const { manifest } = await importHuggingFaceFolder(folder, { root });
    expect(Object.values(manifest.inputs)).toHaveLength(3);
  });

  it('takes along weights beside the graph, the card and the golden answers', async () => {
    const location = 'model.onnx_data';
    const folder = await source({
      'model.onnx': undefined,
      'onnx/model.onnx': onnxBytes({
        ...ASSERTION_GRAPH,
        initializers: [{ name: 'w', type: FLOAT32, dims: [7, 4], location }],
      }),
      [`onnx/${location}`]: 'weights',
      'golden.jsonl': '{}\n',
      'MODEL_CARD.md': 'card',
    });
    const { manifest } = await importHuggingFaceFolder(folder, { root });
    expect(manifest.model).toBe('onnx/model.onnx');
    expect(manifest.files.map(({ path }) => path)).toEqual(
      expect.arrayContaining([`onnx/${location}`, 'golden.jsonl', 'MODEL_CARD.md']),
    );
  });

  it('follows the links of a download cache', async () => {
    const blobs = await writeFiles(join(scratch, 'blobs'), { abc: ASSERTION_FILES['model.onnx'] });
    const folder = await source({ 'model.onnx': undefined });
    await symlink(join(blobs, 'abc'), join(folder, 'model.onnx'));
    const imported = await importHuggingFaceFolder(folder, { root });
    await verifyFiles(imported.folder, imported.manifest);
  });

  it.each<[string, FolderFiles, RegExp]>([
    ['no configuration', { 'config.json': undefined }, /no config\.json/],
    ['no graph', { 'model.onnx': undefined }, /no \.onnx file/],
    ['a graph that is none', { 'model.onnx': 'text' }, /model\.onnx is not an ONNX model/],
    [
      'a graph that was not downloaded',
      { 'model.onnx': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n' },
      /git lfs pull/,
    ],
    [
      'a graph that is cut off',
      { 'model.onnx': onnxBytes(ASSERTION_GRAPH).subarray(0, 200) },
      /model\.onnx is not an ONNX model: it is cut off/,
    ],
    [
      'other labels than classes',
      graph({ outputs: [{ name: 'logits', type: FLOAT32, dims: ['batch', 2] }] }),
      /answers 2 classes, but id2label in config\.json names 3/,
    ],
    ['labels with a gap', config({ id2label: { 0: 'NO', 2: 'YES' } }), /id2label .* without gaps/],
    [
      'a missing input',
      graph({ inputs: [{ name: 'tokens', type: INT64, dims: ['batch', 'sequence'] }] }),
      /no input input_ids; it has tokens/,
    ],
    [
      'an input nobody fills',
      graph({
        inputs: [...ASSERTION_GRAPH.inputs, { name: 'position_ids', type: INT64, dims: ['n'] }],
      }),
      /wants an input position_ids/,
    ],
    [
      'an input of another type',
      graph({ inputs: [{ name: 'input_ids', type: INT32, dims: ['batch', 'sequence'] }] }),
      /input_ids is int32: export it as int64/,
    ],
    [
      'an output of another type',
      graph({ outputs: [{ name: 'logits', type: FLOAT16, dims: ['batch', 3] }] }),
      /logits is float16: export it as float32/,
    ],
    [
      'an output of another rank',
      graph({ outputs: [{ name: 'logits', type: FLOAT32, dims: ['batch', 'sequence', 3] }] }),
      /3 dimensions; the task assertion reads 2/,
    ],
    [
      'an unknown architecture',
      config({ architectures: ['BertForMaskedLM'] }),
      /BertForMaskedLM; .* give --task/,
    ],
    [
      'several labels a text',
      config({ problem_type: 'multi_label_classification' }),
      /multi_label_classification, which is not served/,
    ],
    [
      'an assertion model without marker',
      {
        'added_tokens.json': undefined,
        'special_tokens_map.json': undefined,
        ...config({ vocab_size: 6 }),
      },
      /no special token \[entity\].* --task text-classification/,
    ],
    ['ids beyond the embeddings', config({ vocab_size: 6 }), /ids up to 6, but vocab_size .* is 6/],
    [
      'no vocabulary',
      { 'vocab.txt': undefined },
      /tokenizer\.json is missing, and so is vocab\.txt/,
    ],
    ['damaged JSON', { 'config.json': '{' }, /config\.json is not JSON/],
    [
      'weights outside of the folder',
      graph({
        initializers: [{ name: 'w', type: FLOAT32, dims: [7, 4], location: '../secret' }],
      }),
      /names \.\.\/secret, which lies outside/,
    ],
  ])('refuses %s and leaves nothing behind', async (_, files, reason) => {
    await expect(importHuggingFaceFolder(await source(files), { root })).rejects.toThrow(reason);
    expect(await readdir(root).catch(() => [])).toEqual([]);
  });

  it('asks which graph is meant, and lets none be chosen outside of the folder', async () => {
    const folder = await source({ 'model.onnx': undefined });
    await writeFiles(folder, {
      'model_a.onnx': onnxBytes(ASSERTION_GRAPH),
      'onnx/model_b.onnx': onnxBytes(ASSERTION_GRAPH),
    });
    const add = (onnx?: string) => importHuggingFaceFolder(folder, { root, onnx });
    await expect(add()).rejects.toThrow(/--onnx; there are: model_a\.onnx, onnx\/model_b\.onnx/);
    await expect(add('model_c.onnx')).rejects.toThrow(/is not there; there are: model_a/);
    await expect(add('../models/model.onnx')).rejects.toThrow(/outside/);
    await expect(add(join(folder, 'model_a.onnx'))).rejects.toThrow(/outside/);
    expect((await add('onnx/model_b.onnx')).manifest.model).toBe('onnx/model_b.onnx');
  });

  it('puts nothing in place that fails its test, and keeps the version that was there', async () => {
    const folder = await source();
    const before = await importHuggingFaceFolder(folder, { root });
    const refused = importHuggingFaceFolder(await source(config({ temperature: 2 })), {
      root,
      force: true,
      verify: () => Promise.reject(new Error('wrong answers')),
    });
    await expect(refused).rejects.toThrow('wrong answers');
    expect(await readManifest(before.folder)).toEqual(before.manifest);
    expect(await readdir(root)).toEqual(['clinical-bert']);
  });

  it('replaces a version only when told to, and keeps what people wrote about it', async () => {
    const folder = await source();
    await importHuggingFaceFolder(folder, { root, status: 'beta', description: 'Ours.' });
    await expect(importHuggingFaceFolder(folder, { root })).rejects.toThrow(/--force/);
    await source(config({ temperature: 2 }));
    const { manifest } = await importHuggingFaceFolder(folder, { root, force: true });
    expect(manifest).toMatchObject({ status: 'beta', description: 'Ours.' });
    expect(manifest.calibration.temperature).toBe(2);
  });

  it('describes a folder in place, adding only what it lacks', async () => {
    const folder = await writeFiles(join(root, 'own/2.0.0'), ASSERTION_FILES);
    const before = await readdir(folder);
    const { manifest } = await importHuggingFaceFolder(folder, {
      root,
      name: 'own',
      version: '2.0.0',
    });
    expect((await readdir(folder)).sort()).toEqual(
      [...before, 'model.json', 'tokenizer.json'].sort(),
    );
    await verifyFiles(folder, manifest);
    expect(JSON.parse(await readFile(join(folder, 'model.json'), 'utf8'))).toEqual(manifest);
  });

  it.each([
    [{ name: 'Own' }, /--name with lower-case letters/],
    [{ version: '1.0' }, /--version like 1\.0\.0/],
  ])('refuses %j as an address', async (address, reason) => {
    const add = importHuggingFaceFolder(await source(), { root, ...address });
    await expect(add).rejects.toThrow(reason);
  });
});
