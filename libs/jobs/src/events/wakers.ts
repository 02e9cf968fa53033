/** Wakes those who wait for something to happen to a job. */
export class Wakers {
  private readonly bySubject = new Map<string, Set<Waker>>();

  wake(subject: string): void {
    for (const waker of this.bySubject.get(subject) ?? []) waker.wake();
  }

  watch(subject: string): Waker {
    const wakers = this.bySubject.get(subject) ?? new Set();
    const waker = new Waker(() => {
      wakers.delete(waker);
      if (wakers.size === 0) this.bySubject.delete(subject);
    });
    this.bySubject.set(subject, wakers.add(waker));
    return waker;
  }
}

export class Waker {
  private woken = false;
  private resolve: (() => void) | null = null;

  constructor(readonly close: () => void) {}

  /** What happens from now on is not missed by the next `wait`. */
  reset(): void {
    this.woken = false;
  }

  wake(): void {
    this.woken = true;
    this.resolve?.();
  }

  /** Resolves once woken, after a while, or when the signal aborts. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    if (this.woken || signal.aborted) return;
    let timer: NodeJS.Timeout | undefined;
    const wake = () => this.wake();
    signal.addEventListener('abort', wake, { once: true });
    await new Promise<void>((resolve) => {
      this.resolve = resolve;
      timer = setTimeout(resolve, ms);
    });
    this.resolve = null;
    clearTimeout(timer);
    signal.removeEventListener('abort', wake);
  }
}
