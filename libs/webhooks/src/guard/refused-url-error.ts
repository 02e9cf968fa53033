/** Why a URL is not called. The message is for the caller and holds nothing of the URL. */
export class RefusedUrlError extends Error {
  constructor(
    /** Machine-readable: `scheme`, `credentials`, `port`, `unresolved`, `private_address`, … */
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'RefusedUrlError';
  }
}
