export interface WrappedKey {
  readonly wrapped: Buffer;
  /** Id of the key that wrapped it; no secret. */
  readonly wrappedBy: string;
}

/**
 * The operator's side of envelope encryption: a key, or a service that holds
 * one and never gives it away. `name` is bound to what is wrapped, so that one
 * wrapped key cannot stand in for another.
 */
export interface KeyWrapper {
  /** Makes the operator's key if there is none yet. Called before the first wrap of an empty database only. */
  prepare(): Promise<void>;
  /** Id of the key that wraps now. */
  currentId(): Promise<string>;
  wrap(name: string, key: Buffer): Promise<WrappedKey>;
  /** @throws SetupError saying which key is lacking */
  unwrap(name: string, key: WrappedKey): Promise<Buffer>;
}
