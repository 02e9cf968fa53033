/** What the routes need of the configuration. */
export interface ApiOptions {
  readonly version: string;
  readonly environment: string;
  /** Where callers reach the service; null means links are relative. */
  readonly publicUrl: string | null;
  /** Most items of one batch request. */
  readonly maxBatchSize: number;
}

export const API_OPTIONS = Symbol('api options');
