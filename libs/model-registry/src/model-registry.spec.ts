import { DomainError, SetupError } from '@app/common';
import type { ModelManifest } from './manifest.js';
import { ModelRegistry, type ModelSelector } from './model-registry.js';
import { manifestOf } from './testing/manifest.js';

type Outline = Pick<ModelManifest, 'name' | 'version'> & Partial<ModelManifest>;

function registry(models: readonly Outline[], serve: readonly string[] = []): ModelRegistry {
  const entries = models.map((model) => ({
    manifest: manifestOf(model),
    folder: `/models/${model.name}/${model.version}`,
  }));
  return new ModelRegistry(entries, serve);
}

/** `a 1.0.0 beta, a 2.0.0` */
function outlines(text: string): Outline[] {
  return text.split(', ').map((model) => {
    const [name = '', version = '', status = 'stable'] = model.split(' ');
    return { name, version, status: status as ModelManifest['status'] };
  });
}

function refusal(models: ModelRegistry, selector: ModelSelector): DomainError {
  try {
    models.resolve(selector);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error('it was resolved');
}

describe('the version that answers when none is named', () => {
  it.each([
    ['a 1.9.0, a 1.10.0', '1.10.0'],
    ['a 1.0.0, a 2.0.0 beta, a 3.0.0 deprecated', '1.0.0'],
    ['a 1.0.0-beta.2 beta, a 1.0.0-beta.10 beta, a 2.0.0 deprecated', '1.0.0-beta.10'],
    ['a 1.0.0 deprecated, a 2.0.0 retired', '1.0.0'],
  ])('of %s is %s', (models, version) => {
    expect(registry(outlines(models)).resolve({ name: 'a' }).version).toBe(version);
  });

  it('does not exist for a model of which all are retired', () => {
    const models = registry(outlines('a 1.0.0 retired, b 1.0.0'));
    expect(refusal(models, { name: 'a' })).toMatchObject({ code: 'MODEL_NOT_FOUND' });
    expect(models.names()).toEqual(['b']);
    expect(models.servable().map(({ manifest }) => manifest.name)).toEqual(['b']);
  });
});

describe('a version that is named', () => {
  const models = registry(outlines('a 1.0.0, a 2.0.0 beta, a 0.9.0 retired'));

  it('answers whatever its status, unless it is retired', () => {
    expect(models.resolve({ name: 'a', version: '2.0.0' }).status).toBe('beta');
    expect(refusal(models, { name: 'a', version: '0.9.0' }).code).toBe('UNKNOWN_MODEL_VERSION');
  });

  it('is a wrong address in the path and a wrong request elsewhere, and says what there is', () => {
    const selector = { name: 'a', version: '7.0.0' };
    const details = { model: 'a', available_versions: ['2.0.0', '1.0.0'] };
    expect(refusal(models, { ...selector, versionFrom: 'path' })).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      details,
    });
    expect(refusal(models, { ...selector, versionFrom: 'request' })).toMatchObject({
      code: 'UNKNOWN_MODEL_VERSION',
      message: 'a has no such version; available: 2.0.0, 1.0.0.',
      details,
    });
  });
});

describe('a model', () => {
  const models = registry(outlines('b 1.0.0, a 1.0.0, a 2.0.0'));

  it('that is unknown is refused with the names there are', () => {
    expect(refusal(models, { name: 'c' })).toMatchObject({
      code: 'MODEL_NOT_FOUND',
      details: { available_models: ['a', 'b'] },
    });
  });

  it('shows its versions, newest first', () => {
    expect(models.versions('a').map(({ version }) => version)).toEqual(['2.0.0', '1.0.0']);
  });

  it('cannot be in two places', () => {
    expect(() => registry(outlines('a 1.0.0, a 1.0.0'))).toThrow(/a@1\.0\.0 was found twice/);
  });
});

describe('the default model of a task', () => {
  const defaultOf = (models: ModelRegistry) => models.resolve({ task: 'assertion' }).name;

  it('is the first found that is stable, so that a model of one’s own does not take over', () => {
    expect(defaultOf(registry(outlines('a 1.0.0 beta, c 1.0.0, b 1.0.0')))).toBe('c');
  });

  it('is the one MODELS names first', () => {
    expect(defaultOf(registry(outlines('a 1.0.0, b 1.0.0'), ['b', 'a']))).toBe('b');
  });

  it('does that very task', () => {
    const other = { task: 'embedding', labels: [] } as const;
    const models = registry([{ name: 'a', version: '1.0.0', ...other }, ...outlines('b 1.0.0')]);
    expect(defaultOf(models)).toBe('b');
    expect(models.resolve({ task: 'embedding' }).name).toBe('a');
    expect(refusal(models, { task: 'token-classification' }).code).toBe('MODEL_NOT_FOUND');
  });

  it('is not answered by a version that does another task', () => {
    const other = { task: 'embedding', labels: [] } as const;
    const models = registry([...outlines('a 1.0.0'), { name: 'a', version: '2.0.0', ...other }]);
    expect(models.resolve({ task: 'assertion' }).version).toBe('1.0.0');
    expect(refusal(models, { task: 'assertion', version: '2.0.0' }).code).toBe(
      'UNKNOWN_MODEL_VERSION',
    );
  });
});

describe('MODELS', () => {
  const models = outlines('a 1.0.0, a 2.0.0, b 1.0.0, c 1.0.0 retired');
  const served = (...serve: string[]) =>
    registry(models, serve)
      .servable()
      .map(({ manifest }) => `${manifest.name}@${manifest.version}`)
      .sort();

  it('restricts what is served to names and versions', () => {
    expect(served()).toEqual(['a@1.0.0', 'a@2.0.0', 'b@1.0.0']);
    expect(served('a')).toEqual(['a@1.0.0', 'a@2.0.0']);
    expect(served('a@1.0.0', 'b', 'b@1.0.0')).toEqual(['a@1.0.0', 'b@1.0.0']);
  });

  it.each([
    ['d', 'was not found'],
    ['a@3.0.0', 'was not found'],
    ['c', 'is retired'],
  ])('cannot name %s, and says what there is', (wish, why) => {
    const message = `MODELS names ${wish}, which ${why}; there are: a@1.0.0, a@2.0.0, b@1.0.0`;
    expect(() => registry(models, [wish])).toThrow(new SetupError(message));
  });
});
