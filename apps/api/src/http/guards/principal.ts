/** What a caller may be allowed to do. The list grows with the routes. */
export const PERMISSIONS = ['predict', 'models:read', 'ops:read', 'admin'] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Who asks: what a credential (or its absence) stands for. */
export interface Principal {
  readonly tenantId: string;
  readonly principalId: string;
  /** `free`, `pro` or `enterprise`. */
  readonly tier: string;
  readonly permissions: ReadonlySet<string>;
}

/** Everything but administration: what `API_KEY` and anonymous callers hold. */
export const ORDINARY_PERMISSIONS: ReadonlySet<string> = new Set<string>(
  PERMISSIONS.filter((permission) => permission !== 'admin'),
);
