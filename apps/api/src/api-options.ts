/** What the routes need of the configuration. */
export interface ApiOptions {
  readonly version: string;
  readonly environment: string;
  /** Most items of one batch request. */
  readonly maxBatchSize: number;
}

export const API_OPTIONS = Symbol('api options');
