import { Agent, request } from 'undici';
import {
  generatePatients,
  identifiersOf,
} from '../../libs/observability/src/masking/testing/generated-patients.js';
import type { GeneratedPatient } from '../../libs/observability/src/masking/testing/generated-patients.js';
import { Service } from '../support/service.js';

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly requestBody?: { readonly content?: Record<string, { readonly schema?: Schema }> };
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}
interface Route {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

const PATIENTS = 1_000;
const IN_PARALLEL = 12;
const ADMIN_PASSWORD = 'a long enough passphrase';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'];
const HEADERS = ['X-User-Id', 'X-Access-Reason', 'X-Model-Version', 'X-Priority', 'Idempotency-Key']
  .concat(['X-Request-Timeout-Ms', 'User-Agent', 'Referer', 'X-Forwarded-For', 'If-None-Match'])
  .concat(['X-API-Key', 'Traceparent', 'Last-Event-ID', 'Origin', 'Cookie']);

let service: Service;
let document: Document;
let token: string | undefined;
const agent = new Agent({ connections: IN_PARALLEL });

beforeAll(async () => {
  service = await Service.start({ LOG_LEVEL: 'trace', ADMIN_PASSWORD });
  document = (await (await fetch(`${service.url}/openapi.json`)).json()) as Document;
  const signedIn = await service.post('/auth/login', {
    username: 'admin',
    password: ADMIN_PASSWORD,
  });
  if (signedIn.ok) token = ((await signedIn.json()) as { access_token: string }).access_token;
});
afterAll(async () => {
  await agent.close();
  await service.stop();
});

/** A body of the documented form, with a value of the patient in every text. */
function filled(schema: Schema | undefined, next: () => string, depth = 0): unknown {
  if (schema === undefined || depth > 6) return next();
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1) ?? '';
    return filled(document.components?.schemas?.[name], next, depth + 1);
  }
  const inner = schema.anyOf?.[0] ?? schema.oneOf?.[0] ?? schema.allOf?.[0];
  if (inner !== undefined) return filled(inner, next, depth + 1);
  if (schema.enum !== undefined && depth % 2 === 0) return schema.enum[0];
  if (schema.type === 'array') return [filled(schema.items, next, depth + 1)];
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1;
  if (schema.type === 'boolean') return true;
  if (schema.properties === undefined) return next();
  return Object.fromEntries(
    Object.entries(schema.properties).map(([key, value]) => [key, filled(value, next, depth + 1)]),
  );
}

interface Attempt {
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What a careless or unlucky client could send of a patient to one route. */
function attempts({ operation }: Route, patient: GeneratedPatient): Attempt[] {
  const values = Object.values(patient) as string[];
  let at = 0;
  const next = () => values[at++ % values.length] ?? '';
  const schema = operation.requestBody?.content?.['application/json']?.schema;
  const words = `${patient.name}, ${patient.dob}: ${patient.sentence}`;
  const asQuery = Object.fromEntries(
    [
      ...(operation.parameters ?? []).filter((p) => p.in === 'query').map((p) => p.name),
      'patient',
      'limit',
      'cursor',
    ].map((name) => [name, next()]),
  );
  return [
    { body: JSON.stringify(filled(schema, next)), query: asQuery },
    { body: JSON.stringify({ sentence: words, entity: patient.name, model_version: patient.mrn }) },
    {
      body: JSON.stringify({
        sentences: [words, { sentence: words, entity: patient.family }],
        text: 7,
      }),
    },
    {
      body: JSON.stringify({ inputs: [{ text: words, entity: patient.given }], options: patient }),
    },
    {
      body: JSON.stringify({
        ...patient,
        [patient.name]: 1,
        [patient.ssn]: { [patient.email]: 1 },
      }),
    },
    { body: `{"patient_name": "${patient.name}", "ssn": ${patient.ssn} "${patient.sentence}"` },
    { body: words, headers: { 'content-type': 'text/plain' } },
    { headers: Object.fromEntries(HEADERS.map((name) => [name, next()])) },
    { headers: { authorization: `Bearer ${patient.mrn}`, 'x-request-id': patient.ssn } },
  ];
}

it('keeps 1,000 patients out of the log and out of every failure, on every route', async () => {
  const routes: Route[] = Object.entries(document.paths).flatMap(([path, operations]) =>
    METHODS.flatMap((method) => {
      const operation = operations[method];
      return operation === undefined ? [] : [{ method: method.toUpperCase(), path, operation }];
    }),
  );
  expect(routes.length).toBeGreaterThan(8);
  const patients = generatePatients(PATIENTS);
  const leaks: string[] = [];
  const failures = new Map<string, number>();
  const withToken = new Map<Route, number>();
  let next = 0;

  const send = async (route: Route, attempt: Attempt, patient: GeneratedPatient, i: number) => {
    const values = Object.values(patient) as string[];
    const path = route.path.replace(/\{\w+\}/g, () =>
      encodeURIComponent(values[i % values.length] ?? ''),
    );
    const query = new URLSearchParams(attempt.query).toString();
    // Hashing passwords of users that come into being takes its time: a few are enough.
    // Signing out would end the one session there is.
    const signed =
      token !== undefined &&
      !route.path.startsWith('/auth/logout') &&
      (withToken.get(route) ?? 0) < 45;
    if (signed) withToken.set(route, (withToken.get(route) ?? 0) + 1);
    const response = await request(`${service.url}${path}${query === '' ? '' : `?${query}`}`, {
      method: route.method as 'GET',
      dispatcher: agent,
      headers: {
        'content-type': 'application/json',
        ...(signed ? { authorization: `Bearer ${token ?? ''}` } : {}),
        ...attempt.headers,
      },
      body: route.method === 'GET' ? null : (attempt.body ?? null),
      headersTimeout: 20_000,
    });
    const text = await response.body.text();
    if (response.statusCode < 400) return;
    const kind = /"error_code":"(\w+)"/.exec(text)?.[1] ?? String(response.statusCode);
    failures.set(kind, (failures.get(kind) ?? 0) + 1);
    // The caller's own request id is theirs to be given back; only the log must not have it.
    const shown = text.replace(/"request_id":"[^"]*"/, '').toLowerCase();
    for (const identifier of identifiersOf(patient)) {
      if (shown.includes(identifier.toLowerCase())) {
        leaks.push(`${route.method} ${route.path} answers ${identifier}: ${text}`);
      }
    }
  };
  const client = async () => {
    for (let i = next++; i < PATIENTS; i = next++) {
      const patient = patients[i]!;
      const route = routes[i % routes.length]!;
      for (const [k, attempt] of attempts(route, patient).entries())
        await send(route, attempt, patient, i + k);
    }
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, client));

  expect(leaks.slice(0, 5)).toEqual([]);
  for (const code of [
    'NOT_FOUND',
    'MALFORMED_REQUEST',
    'VALIDATION_ERROR',
    'UNSUPPORTED_MEDIA_TYPE',
  ]) {
    expect(failures.get(code)).toBeGreaterThan(0);
  }
  await service.stop();
  // A log that says nothing would hold nothing.
  expect(service.output).toMatch(/"level":"(?:debug|trace)"/);
  const log = service.output.toLowerCase();
  const logged = patients
    .flatMap(identifiersOf)
    .filter((identifier) => log.includes(identifier.toLowerCase()))
    .map((identifier) =>
      service.output.slice(log.indexOf(identifier.toLowerCase()) - 200).slice(0, 300),
    );
  expect(logged.slice(0, 5)).toEqual([]);
}, 180_000);
