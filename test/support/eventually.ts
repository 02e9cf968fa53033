import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds. @throws Error naming it when that takes too long */
export async function eventually(
  condition: () => boolean | Promise<boolean>,
  timeoutMs = 20_000,
): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`never came true: ${String(condition)}`);
    await sleep(10);
  }
}
