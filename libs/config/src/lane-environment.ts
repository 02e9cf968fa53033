/** Where loaders and drivers are told to look, and which devices to use. */
const PASSED_ON =
  /^(PATH|HOME|TMPDIR|LANG|LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|XDG_RUNTIME_DIR|SYSTEMROOT|(CUDA|NVIDIA|VK|ORT)_\w+)$/;

/** The part of the environment that processes which run models need: no key, no password. */
export function laneEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && PASSED_ON.test(name)) passed[name] = value;
  }
  return passed;
}
