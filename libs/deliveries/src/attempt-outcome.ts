/** How one attempt ended. Errors are our own words: nothing of what a receiver answered. */
export type AttemptOutcome =
  | { readonly kind: 'delivered'; readonly status: number | null }
  | {
      /** May succeed later; the schedule says when. */
      readonly kind: 'retry';
      /** HTTP status; null when there was no answer, and for mail. */
      readonly status: number | null;
      readonly error: string;
      /** What the receiver asked for. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'failed'; readonly status: number | null; readonly error: string };
