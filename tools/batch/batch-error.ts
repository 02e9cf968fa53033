/** What ends a run, in words for whoever started it. */
export class BatchError extends Error {
  override name = 'BatchError';

  /** @param status of the answer with which the service refused */
  constructor(
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}
