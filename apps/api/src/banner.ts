import type { AppConfig } from '@app/config';
import type { ClinserveApp } from './create-app.js';

/** What a person wants to know once the service is up. */
export function banner(
  config: AppConfig,
  { pool, runtime, state }: ClinserveApp,
  port: number,
): string {
  const scheme = config.http.tls ? 'https' : 'http';
  const host = config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host;
  const url = config.http.publicUrl ?? `${scheme}://${host}:${port}`;
  const models = pool
    .list()
    .map(({ scheduled, loaded }) => `${scheduled.key} on ${loaded.provider}`);
  const key = config.access.keyRequired ? ` -H "Authorization: Bearer $API_KEY"` : '';
  return [
    '',
    `Clinserve is ready: ${url}`,
    `  docs      ${url}/docs   (also /redoc, /openapi.json)`,
    `  health    ${url}/health   metrics ${url}/metrics`,
    `  models    ${models.join(', ')}`,
    `  device    ${runtime.stats().device}, ${runtime.lanes.length} lane(s)`,
    `  data      ${config.state.databaseUrl === null ? `embedded database in ${config.dataDir}` : 'DATABASE_URL'}`,
    ...firstPassword(state.auth.firstPassword),
    '',
    'Try it:',
    `  curl -s${key} ${url}/predict -H "Content-Type: application/json" \\`,
    `    -d '{"sentence":"The patient denies any chest pain.","entity":"chest pain"}'`,
    '',
  ].join('\n');
}

/** The only time it can be seen. */
function firstPassword(password: string | null): string[] {
  if (password === null) return [];
  return [
    '',
    'The first administrator has been made; this is shown once:',
    `  user name admin, password ${password}`,
    '  sign in at /auth/login, then make keys at /admin/api-keys',
  ];
}
