import { parseCommand } from './options.js';

describe('the command line of models', () => {
  it('takes the options of add, lists included', () => {
    const args = ['add', 'folder', '--task', 'assertion', '--providers', 'cuda, cpu', '--force'];
    expect(parseCommand(args)).toMatchObject({
      command: 'add',
      folder: 'folder',
      task: 'assertion',
      providers: ['cuda', 'cpu'],
      force: true,
    });
  });

  it('knows a model to check or remove by its place', () => {
    expect(parseCommand(['check', 'a@1.0.0'])).toEqual({ command: 'check', model: 'a@1.0.0' });
    expect(parseCommand(['remove', 'a', '1.0.0', '--root', 'r'])).toEqual({
      command: 'remove',
      name: 'a',
      version: '1.0.0',
      root: 'r',
    });
  });

  it('knows what to evaluate a model with', () => {
    const args = ['evaluate', 'a@1.0.0', '--data', 'd.jsonl', '--out', 'o', '--card'];
    expect(parseCommand(args)).toEqual({
      command: 'evaluate',
      model: 'a@1.0.0',
      data: 'd.jsonl',
      out: 'o',
      card: true,
    });
  });

  it('gives help wherever it is asked for', () => {
    expect(parseCommand(['-h'])).toEqual({ command: 'help' });
    expect(parseCommand(['add', '--help'])).toEqual({ command: 'help' });
  });

  it.each<[string[], string]>([
    [[], 'name a command'],
    [['lst'], 'no command lst'],
    [['add'], 'missing'],
    [['add', 'a', 'b'], 'what is b for'],
    [['add', 'a', '--task', 'guess'], '--task must be one of assertion'],
    [['add', 'a', '--status', 'new'], '--status must be one of'],
    [['add', 'a', '--providers', 'cpu,tpu'], '--providers must be one of'],
    [['add', 'a', '--tsak', 'x'], '--tsak'],
    [['list', '--force'], '--force does not go with'],
    [['add', 'a', '--card'], '--card does not go with'],
    [['evaluate'], 'missing'],
    [['remove'], 'missing'],
  ])('refuses %j', (args, reason) => {
    expect(() => parseCommand(args)).toThrow(reason);
  });
});
