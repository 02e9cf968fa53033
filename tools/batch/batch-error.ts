/** What ends a run, in words for whoever started it. */
export class BatchError extends Error {
  override name = 'BatchError';
}
