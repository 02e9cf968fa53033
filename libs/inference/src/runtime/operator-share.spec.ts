import { operatorShare } from './operator-share.js';

const operator = (provider: string, name = 'MatMul') => ({
  cat: 'Node',
  args: { provider, op_name: name },
});

describe('operatorShare', () => {
  it('counts operators by the provider that ran them, without copies between devices', () => {
    const profile = JSON.stringify([
      { cat: 'Session', name: 'model_run' },
      operator('CUDAExecutionProvider'),
      operator('CUDAExecutionProvider', 'MemcpyFromHost'),
      operator('CPUExecutionProvider', 'Shape'),
      operator('CPUExecutionProvider'),
    ]);
    expect(operatorShare(profile, 'cuda')).toEqual({ own: 1, all: 3 });
    expect(operatorShare(profile, 'cpu')).toEqual({ own: 2, all: 3 });
  });

  it('gives nothing to a provider that was dropped', () => {
    const profile = JSON.stringify([operator('CPUExecutionProvider')]);
    expect(operatorShare(profile, 'webgpu')).toEqual({ own: 0, all: 1 });
  });
});
