/** What a caller may be allowed to do, and what that means. */
export const PERMISSIONS = {
  predict: 'ask models for predictions and analyse notes',
  'models:read': 'list models',
  'models:admin': 'load, activate, roll out and retire models',
  jobs: 'submit jobs and read their results',
  'imaging:read': 'read images and analyses',
  'imaging:write': 'submit images',
  'phi:read': 'read stored patient data, with a reason',
  'phi:write': 'store and change patient data',
  'ops:read': 'read metrics, logs of predictions and statistics',
  'ops:admin': 'act on queues',
  'audit:read': 'read and verify the audit log',
  'limits:admin': 'see every caller’s limits',
  'users:admin': 'manage users, keys and tenants',
} as const;

export type Permission = keyof typeof PERMISSIONS;

export const ALL_PERMISSIONS = Object.keys(PERMISSIONS) as readonly Permission[];

const ADMINISTRATION: ReadonlySet<string> = new Set<Permission>([
  'models:admin',
  'ops:admin',
  'audit:read',
  'limits:admin',
  'users:admin',
]);

/** Everything but administration: what `API_KEY` and anonymous callers on loopback hold. */
export const ORDINARY_PERMISSIONS: readonly Permission[] = ALL_PERMISSIONS.filter(
  (permission) => !ADMINISTRATION.has(permission),
);

/** Whether it lets its holder run the service rather than use it. */
export function isAdministrative(permission: string): boolean {
  return ADMINISTRATION.has(permission);
}

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(PERMISSIONS, text);
}

/** Roles that every installation has. A user holds the permissions of all their roles. */
export const BUILT_IN_ROLES: Readonly<
  Record<string, { readonly description: string; readonly permissions: readonly Permission[] }>
> = {
  admin: { description: 'Everything', permissions: ALL_PERMISSIONS },
  operator: {
    description: 'Runs the service: models, queues, limits and statistics, no patient data',
    permissions: [
      'predict',
      'models:read',
      'models:admin',
      'jobs',
      'ops:read',
      'ops:admin',
      'limits:admin',
    ],
  },
  clinician: {
    description: 'Works with patients: predictions, images and patient data',
    permissions: [
      'predict',
      'models:read',
      'jobs',
      'imaging:read',
      'imaging:write',
      'phi:read',
      'phi:write',
    ],
  },
  auditor: { description: 'Reads the audit log', permissions: ['audit:read', 'ops:read'] },
  user: { description: 'Predictions and jobs', permissions: ['predict', 'models:read', 'jobs'] },
};
