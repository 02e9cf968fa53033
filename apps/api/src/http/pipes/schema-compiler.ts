import { Ajv } from 'ajv';
import type { ErrorObject } from 'ajv';
import type { OpenAPIObject } from '@nestjs/swagger';
import { tellValidationError } from './validation-error.js';

/** Passes a valid body, throws DomainError VALIDATION_ERROR (or the schema's own code) for another. */
export type BodyCheck = (body: unknown) => void;

// They describe, and do not judge; strict mode would refuse what it does not know.
const ANNOTATIONS = new Set([
  'deprecated',
  'description',
  'discriminator',
  'example',
  'examples',
  'externalDocs',
  'readOnly',
  'title',
  'writeOnly',
  'xml',
  'x-enumNames',
]);
// They hold schemas by name, so that a key in them is a field's name and never a keyword.
const NAMED_SCHEMAS = new Set(['properties', 'patternProperties', 'schemas']);
const BESIDE_TYPE = ['$ref', 'allOf', 'anyOf', 'oneOf', 'enum'] as const;
const LITERALS = new Set(['const', 'default', 'enum', 'required', 'x-error-code']);

/**
 * Compiles the schemas of an OpenAPI document into checks.
 * Objects refuse fields that their schema does not name. Nothing is coerced,
 * and checking stops at the first fault, so hostile input costs little.
 */
export class SchemaCompiler {
  private readonly ajv = new Ajv({
    strict: true,
    allErrors: false,
    coerceTypes: false,
    verbose: true,
    // Fields shared by the forms of a union are named once, beside it.
    strictTypes: false,
    formats: {
      float: true,
      double: true,
      int32: true,
      int64: true,
      binary: true,
      password: true,
      'date-time': true,
      uuid: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i,
    },
    keywords: ['x-error-code', 'x-echo'],
  });

  constructor(document: OpenAPIObject) {
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
      this.ajv.addSchema({ ...(closed(schema) as object), $id: identifier(COMPONENTS + name) });
    }
  }

  /** @param pointer `#/components/schemas/PredictDto`. Throws when there is no such schema or it is not sound. */
  compile(pointer: string): BodyCheck {
    const validate = this.ajv.compile({ $ref: identifier(pointer) });
    return (body) => {
      if (!validate(body)) throw tellValidationError(validate.errors as ErrorObject[]);
    };
  }
}

const COMPONENTS = '#/components/schemas/';

/** The validator's name for a schema of the document. */
function identifier(pointer: string): string {
  return `component:${encodeURIComponent(pointer.slice(COMPONENTS.length))}`;
}

/** A schema as the validator wants it: no annotations, objects closed to unnamed fields. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(schema)) {
    if (ANNOTATIONS.has(key)) continue;
    if (LITERALS.has(key)) result[key] = value;
    else if (key === '$ref') result[key] = identifier(String(value));
    else if (NAMED_SCHEMAS.has(key)) result[key] = mapValues(value as object, closed);
    else result[key] = closed(value);
  }
  if (result['properties'] !== undefined && result['additionalProperties'] === undefined) {
    result['type'] ??= 'object';
    result['additionalProperties'] = false;
  }
  // `nullable` widens `type` alone; beside anything else it needs a form of its own.
  if (result['nullable'] === true && BESIDE_TYPE.some((key) => key in result)) {
    const { nullable: _, ...rest } = result;
    return { anyOf: [{ type: 'null' }, rest] };
  }
  return result;
}

function mapValues(values: object, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
}
