import { laneEnvironment } from './lane-environment.js';

describe('laneEnvironment', () => {
  it('passes on what drivers need and keeps every secret back', () => {
    const env = {
      PATH: '/usr/bin',
      LD_LIBRARY_PATH: '/opt/cuda/lib64',
      CUDA_VISIBLE_DEVICES: '0',
      API_KEY: 'secret',
      DATABASE_URL: 'postgres://secret',
      NODE_OPTIONS: '--inspect',
    };
    expect(Object.keys(laneEnvironment(env))).toEqual([
      'PATH',
      'LD_LIBRARY_PATH',
      'CUDA_VISIBLE_DEVICES',
    ]);
  });
});
