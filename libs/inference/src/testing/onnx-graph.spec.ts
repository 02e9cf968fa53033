import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OnnxGraph } from './onnx-graph.js';

describe('OnnxGraph', () => {
  it('refuses a model above 2 GiB before it writes or computes anything', async () => {
    const graph = new OnnxGraph('large', 17);
    graph.weights('w', [2 ** 15, 2 ** 14], () => {
      throw new Error('computed');
    });
    await expect(graph.write(join(tmpdir(), 'never-written.onnx'))).rejects.toThrow(/2 GiB/);
  });
});
