import type { ProviderName } from '@app/model-registry';
import { Tensor } from 'onnxruntime-node';
import type { SessionSettings } from './lane-messages.js';
import { openSession, reasonOf } from './open-session.js';

/** An ONNX model of one operator: `y = Add(x, x)`, float32 [2]. */
const DOUBLING_MODEL = Buffer.from(
  'CAgSCWNsaW5zZXJ2ZUIECgAQDTo8ChEKAXgKAXgSAXkaAXkiA0FkZBIFcHJvYmVaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgBEgQKAggC',
  'base64',
);

const NEEDS: Readonly<Record<ProviderName, string>> = {
  cuda: 'needs an NVIDIA driver, CUDA 12 with cuDNN 9, and the libraries of `npm run gpu:install`',
  webgpu: 'needs libvulkan and a driver for the GPU',
  cpu: 'needs nothing: reinstall onnxruntime-node',
};

/** Whether a provider computes here, tried out on the smallest model there is. */
export async function probeProvider(
  provider: ProviderName,
  settings: SessionSettings,
): Promise<{ readonly available: boolean; readonly reason: string }> {
  try {
    const { session } = await openSession(DOUBLING_MODEL, [provider], settings, async (opened) => {
      const { y } = await opened.run({ x: new Tensor('float32', Float32Array.of(1, 2), [2]) });
      if (y?.data[0] !== 2 || y.data[1] !== 4) throw new Error('it computes wrong results');
    });
    await session.release();
    return { available: true, reason: 'a session ran on it' };
  } catch (error) {
    return { available: false, reason: `${reasonOf(error)} (${provider} ${NEEDS[provider]})` };
  }
}
