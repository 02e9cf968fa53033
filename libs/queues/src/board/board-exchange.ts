/** What the board's page asks for. */
export interface BoardRequest {
  readonly method: string;
  /** Below the board: `/api/queues`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Whether the person may do more than look. */
  readonly mayChange: boolean;
}

/** An answer as JSON. */
export interface BoardAnswer {
  readonly status: number;
  readonly body: unknown;
}
