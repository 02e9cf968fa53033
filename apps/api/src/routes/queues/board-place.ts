/** Where the board is, and where browsers find it. */
export class BoardPlace {
  /** The path that browsers see, without a slash at its end. */
  readonly path: string;
  /** Whether they come by HTTPS. */
  readonly secure: boolean;

  /** @param publicUrl where callers reach the service; null when the operator did not say */
  constructor(publicUrl: string | null) {
    const url = publicUrl === null ? null : new URL(publicUrl);
    this.path = `${url?.pathname.replace(/\/$/, '') ?? ''}${BOARD_ROUTE}`;
    this.secure = url?.protocol === 'https:';
  }
}

/** As the router knows it. */
export const BOARD_ROUTE = '/admin/queues';
