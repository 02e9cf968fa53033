import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import { encryptionKey, isMailFrom, isOrigin, listOf, roleRules } from './value-forms.js';
import { environmentSchema } from './environment.schema.js';
import type { Environment } from './environment.schema.js';
import type { RawVariables } from './read-variables.js';

const ajv = new Ajv({ allErrors: true, coerceTypes: true, useDefaults: true });
ajv.addFormat('http-url', isHttpUrl);
// A key travels in a header: visible ASCII only.
ajv.addFormat('api-key', /^[\x21-\x7e]+$/);
ajv.addFormat('postgres-url', (text) => hasProtocol(text, ['postgres:', 'postgresql:']));
ajv.addFormat('smtp-url', (text) => hasProtocol(text, ['smtp:', 'smtps:']));
ajv.addFormat('mail-from', isMailFrom);
ajv.addFormat('redis-url', (text) => hasProtocol(text, ['redis:', 'rediss:']));
ajv.addFormat('encryption-keys', (text) =>
  listOf(text).every((key) => encryptionKey(key) !== null),
);
ajv.addFormat('origins', (text) => listOf(text).every(isOrigin));
ajv.addFormat('role-map', (text) => roleRules(text) !== null);
ajv.addFormat('model-list', /^[\w.-]+(@[\w.-]+)?(\s*,\s*[\w.-]+(@[\w.-]+)?)*$/);

const check = ajv.compile<Environment>(environmentSchema);

const FORMAT_RULES: Readonly<Record<string, string>> = {
  'http-url': 'must be an absolute http or https URL without query, such as https://ai.example.org',
  'api-key': 'must be visible ASCII characters without spaces',
  'postgres-url': 'must be a URL such as postgres://user:password@host:5432/database',
  'redis-url': 'must be a URL such as redis://:password@host:6379',
  'smtp-url': 'must be a URL such as smtp://user:password@host:587 or smtps://host',
  'mail-from': 'must be an address such as noreply@hospital.example, or Name <address>',
  'encryption-keys':
    'must be 32 bytes in base64 or hex, such as `openssl rand -base64 32` prints; several are separated by commas',
  origins:
    'must be origins without a path, such as https://ehr.example.org or https://*.example.org, separated by commas',
  'role-map':
    'must be values of OIDC_ROLE_CLAIM with the roles they give, such as ward-doctors=clinician, separated by commas',
  'model-list': 'must be model names (name or name@version) separated by commas',
};

/** Converts and completes the variables by the schema; what is wrong goes to `problems`. */
export function checkVariables(raw: RawVariables, problems: string[]): Environment | null {
  const values: unknown = { ...raw };
  if (check(values)) return values;
  for (const error of check.errors ?? []) {
    problems.push(`${error.instancePath.slice(1)}: ${ruleOf(error)}`);
  }
  return null;
}

function ruleOf(error: ErrorObject): string {
  const params = error.params as Readonly<Record<string, unknown>>;
  switch (error.keyword) {
    case 'enum':
      return `must be one of ${(params['allowedValues'] as readonly string[]).join(', ')}`;
    case 'type':
      return params['type'] === 'boolean' ? 'must be true or false' : 'must be a whole number';
    case 'minimum':
      return `must be ${String(params['limit'])} or more`;
    case 'maximum':
      return `must be ${String(params['limit'])} or less`;
    case 'format':
      return FORMAT_RULES[String(params['format'])] ?? 'has the wrong form';
    default:
      return error.message ?? 'is not valid';
  }
}

function isHttpUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash } = new URL(text);
  return (protocol === 'http:' || protocol === 'https:') && search === '' && hash === '';
}

function hasProtocol(text: string, protocols: readonly string[]): boolean {
  return URL.canParse(text) && protocols.includes(new URL(text).protocol);
}
