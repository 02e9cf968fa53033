import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { OpenAPIObject } from '@nestjs/swagger';
import { ERROR_CODES } from '@app/common';
import type { ErrorCode } from '@app/common';
import { codesByStatus, problemResponse } from './api-problems.decorator.js';

export interface OpenApiOptions {
  readonly version: string;
  readonly title?: string;
  readonly description?: string;
  /** In the order they are shown: name and what the group is about. */
  readonly tags?: readonly (readonly [name: string, description: string])[];
}

const DESCRIPTION = `Serves clinical machine-learning models.

Every route answers at its bare path, under \`/v1\` and under \`/api/v1\`. JSON is in snake_case; times are
ISO 8601 in UTC; fields ending in \`_ms\` are milliseconds; text offsets count Unicode code points, end exclusive.
Every answer carries \`X-Request-ID\`, \`X-Process-Time\` (seconds) and \`Server-Timing\`. Failures are
\`application/problem+json\` (RFC 9457).`;

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;

/** The OpenAPI document of an application's routes. Deterministic: equal routes give an equal document. */
export function buildOpenApi(app: INestApplication, options: OpenApiOptions): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle(options.title ?? 'Clinserve')
    .setDescription(options.description ?? DESCRIPTION)
    .setVersion(options.version)
    .setOpenAPIVersion('3.0.3')
    .addServer('/', 'this server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key as bearer token.' })
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'api_key');
  for (const [name, description] of options.tags ?? []) builder.addTag(name, description);

  const document = SwaggerModule.createDocument(app, builder.build(), {
    operationIdFactory: (controller, method) =>
      `${controller.replace(/Controller$/, '').replace(/^./, (c) => c.toLowerCase())}_${method}`,
  });
  document.components ??= {};
  document.components.schemas = { ...document.components.schemas, Problem: PROBLEM };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation !== undefined) documentFailures(operation);
    }
  }
  return document;
}

/** Adds the failures that follow from what an operation is. */
function documentFailures(operation: Operation): void {
  const codes: ErrorCode[] = ['MALFORMED_REQUEST', 'INTERNAL_ERROR'];
  if (operation.security !== undefined && operation.security.length > 0) {
    codes.push('UNAUTHENTICATED', 'FORBIDDEN');
  }
  if (operation.requestBody !== undefined) {
    codes.push('PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'VALIDATION_ERROR');
  }
  for (const [status, implied] of codesByStatus(codes)) {
    const present = operation.responses[status];
    const declared = present === undefined ? [] : declaredCodes(JSON.stringify(present));
    if (present !== undefined && declared.length === 0) continue;
    operation.responses[status] = problemResponse([...new Set([...implied, ...declared])]);
  }
}

/** The codes a response that `@ApiProblems` made already tells of. */
function declaredCodes(response: string): ErrorCode[] {
  return ERROR_CODES.filter((code) => response.includes(`"error_code":"${code}"`));
}

const PROBLEM = {
  type: 'object',
  description: 'A failure, as RFC 9457 describes it.',
  required: [
    'type',
    'title',
    'status',
    'detail',
    'instance',
    'error',
    'error_code',
    'request_id',
    'trace_id',
    'timestamp',
  ],
  properties: {
    type: { type: 'string', description: 'A path under /errors/ that names the kind of failure.' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was wrong, the limit, and what to change.' },
    instance: { type: 'string', description: 'The path of the request, without its query.' },
    error: { type: 'string', description: 'The same as title.' },
    error_code: { type: 'string', enum: [...ERROR_CODES] },
    request_id: { type: 'string' },
    trace_id: { type: 'string' },
    timestamp: { type: 'string', format: 'date-time' },
    details: { type: 'object', additionalProperties: true },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['field', 'message', 'code'],
        properties: {
          field: { type: 'string', description: 'Where: `sentences[3].entity.start`.' },
          message: { type: 'string' },
          code: { type: 'string' },
          rejected: { type: 'string', description: 'The refused value, cut; never of a patient.' },
        },
      },
    },
  },
};
