import type { ProviderName } from '@app/model-registry';

/** What onnxruntime calls the providers in its profiles. */
const PROFILE_NAMES: Readonly<Record<ProviderName, string>> = {
  cuda: 'CUDAExecutionProvider',
  webgpu: 'WebGpuExecutionProvider',
  cpu: 'CPUExecutionProvider',
};

interface ProfileEvent {
  readonly cat?: string;
  readonly args?: { readonly provider?: string; readonly op_name?: string };
}

/**
 * How many of the operators a profiled session ran were run by a provider.
 * Copies between devices are not counted: they only serve the operators.
 * @param profile what onnxruntime wrote, JSON
 */
export function operatorShare(
  profile: string,
  provider: ProviderName,
): { readonly own: number; readonly all: number } {
  const operators = (JSON.parse(profile) as ProfileEvent[]).filter(
    ({ cat, args }) =>
      cat === 'Node' && args?.provider !== undefined && args.op_name?.startsWith('Memcpy') !== true,
  );
  const own = operators.filter(({ args }) => args?.provider === PROFILE_NAMES[provider]);
  return { own: own.length, all: operators.length };
}
