/** Something a worker process does until it is told to stop. */
export interface Consumer {
  start(): Promise<void>;
  /** Takes nothing new at once, and resolves when what was begun is done or `timeoutMs` have passed. */
  stop(timeoutMs: number): Promise<void>;
}
