import type { ErrorObject } from 'ajv';
import { DomainError, ERROR_CODES } from '@app/common';
import type { ErrorCode, FieldError } from '@app/common';
import type { FieldExtensions } from './field-extensions.js';
import { fieldName, shown } from './field-name.js';

/** A FieldError that may show what was refused: only for fields marked `x-echo`. */
export interface EchoedFieldError extends FieldError {
  /** At most 100 characters. */
  readonly rejected?: string;
}

/**
 * One sentence out of the validator's errors: which field, what is wrong,
 * what to change. Never contains the value, unless its schema allows it.
 */
export function tellValidationError(errors: readonly ErrorObject[]): DomainError {
  const error = mostTelling(errors);
  const field = error.field;
  const extensions = (error.source?.parentSchema ?? {}) as FieldExtensions;
  const told: EchoedFieldError = {
    field,
    code: error.code,
    message: `${field === '' ? 'The body' : field} ${error.text}`,
    ...(extensions['x-echo'] === true ? { rejected: cut(error.source?.data) } : {}),
  };
  const code = errorCode(extensions['x-error-code']?.[error.source?.keyword ?? '']);
  return new DomainError(code, told.message, { fields: [told] });
}

interface Told {
  readonly field: string;
  readonly code: string;
  /** The rest of a sentence that begins with the field. */
  readonly text: string;
  readonly source?: ErrorObject;
}

const UNIONS = new Set(['anyOf', 'oneOf']);

/**
 * Of a union's many errors the one that tells most. The form the caller meant
 * is the one that got furthest: into its fields rather than refused by type,
 * past its required fields rather than stopped there.
 */
function mostTelling(errors: readonly ErrorObject[]): Told {
  const last = errors.at(-1);
  if (last === undefined) throw new Error('A refused body must come with an error');
  const inner = errors.filter((error) => !UNIONS.has(error.keyword));
  if (!UNIONS.has(last.keyword) || inner.length === 0) return tell(last);

  const deepest = Math.max(...inner.map((error) => rank(error)));
  const best = inner.filter((error) => rank(error) === deepest);
  const first = best[0] ?? last;
  if (first.keyword === 'type') {
    const types = [...new Set(best.map((error) => typeNames(error)))];
    return {
      field: fieldName(first.instancePath),
      code: 'wrong_type',
      text: `must be ${types.join(' or ')}, and is ${typeOf(first.data)}.`,
      source: first,
    };
  }
  if (first.keyword === 'required') {
    const missing = [...new Set(best.map((error) => String(error.params['missingProperty'])))];
    if (missing.length > 1) {
      return {
        field: fieldName(first.instancePath),
        code: 'required',
        text: `needs one of these fields: ${missing.join(', ')}. Add the one you mean.`,
        source: first,
      };
    }
  }
  return tell(first);
}

function rank(error: ErrorObject): number {
  const depth = error.instancePath.split('/').length;
  const progress = error.keyword === 'type' ? 0 : error.keyword === 'required' ? 1 : 2;
  return depth * 3 + progress;
}

/** Called with the parameters of one broken rule; gives the rest of a sentence. */
type Teller = (error: ErrorObject, limit: number) => readonly [code: string, text: string];

const TELLERS: Readonly<Record<string, Teller>> = {
  required: () => ['required', 'is required. Add it.'],
  type: (error) => ['wrong_type', `must be ${typeNames(error)}, and is ${typeOf(error.data)}.`],
  minLength: (_, limit) =>
    limit === 1
      ? ['too_short', 'must not be empty.']
      : ['too_short', `is too short: at least ${limit} characters are needed.`],
  maxLength: (_, limit) => ['too_long', `is too long: at most ${limit} characters. Shorten it.`],
  minItems: (error, limit) => [
    'too_few_items',
    `has ${lengthOf(error.data)} items; at least ${limit} ${limit === 1 ? 'is' : 'are'} needed. Add some.`,
  ],
  maxItems: (error, limit) => [
    'too_many_items',
    `has ${lengthOf(error.data)} items; at most ${limit} are accepted. Split it over several requests.`,
  ],
  uniqueItems: (error) => [
    'duplicate_items',
    `has equal items at ${String(error.params['j'])} and ${String(error.params['i'])}. Send each once.`,
  ],
  minimum: (_, limit) => ['too_small', `must be at least ${limit}.`],
  exclusiveMinimum: (_, limit) => ['too_small', `must be more than ${limit}.`],
  maximum: (_, limit) => ['too_large', `must be at most ${limit}.`],
  exclusiveMaximum: (_, limit) => ['too_large', `must be less than ${limit}.`],
  multipleOf: (error) => [
    'not_a_multiple',
    `must be a multiple of ${String(error.params['multipleOf'])}.`,
  ],
  enum: (error) => ['not_allowed_value', `must be one of: ${list(error.params['allowedValues'])}.`],
  const: (error) => [
    'not_allowed_value',
    `must be ${JSON.stringify(error.params['allowedValue'])}.`,
  ],
  pattern: (error) => [
    'wrong_format',
    `does not have the required form, ${String(error.params['pattern']).slice(0, 100)}.`,
  ],
  minProperties: (_, limit) => ['too_few_fields', `needs at least ${limit} fields.`],
  maxProperties: (_, limit) => ['too_many_fields', `has too many fields: at most ${limit}.`],
};

function tell(error: ErrorObject): Told {
  const path = fieldName(error.instancePath);
  if (error.keyword === 'additionalProperties') {
    const known = Object.keys((error.parentSchema?.['properties'] ?? {}) as object);
    return {
      field: join(path, shown(String(error.params['additionalProperty']))),
      code: 'unknown_field',
      text: `is not a field of this request. Known fields: ${known.join(', ')}. Remove it or correct its name.`,
    };
  }
  const missing: unknown = error.params['missingProperty'];
  const field = typeof missing === 'string' ? join(path, missing) : path;
  const limit: unknown = error.params['limit'];
  const [code, text] = TELLERS[error.keyword]?.(error, typeof limit === 'number' ? limit : 0) ?? [
    'invalid',
    `has none of the accepted forms, or more than one (${error.keyword}). See /openapi.json.`,
  ];
  return { field, code, text, source: error };
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

const ARTICLED: Readonly<Record<string, string>> = {
  array: 'an array',
  boolean: 'a boolean',
  integer: 'a whole number',
  null: 'null',
  number: 'a number',
  object: 'an object',
  string: 'a string',
};

function typeNames(error: ErrorObject): string {
  const type: unknown = error.params['type'];
  const names: unknown[] = Array.isArray(type) ? type : [type];
  return names.map((name) => ARTICLED[String(name)] ?? String(name)).join(' or ');
}

function typeOf(value: unknown): string {
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  return ARTICLED[type] ?? type;
}

function lengthOf(value: unknown): number {
  return Array.isArray(value) ? value.length : 0;
}

function list(values: unknown): string {
  return Array.isArray(values)
    ? values
        .slice(0, 20)
        .map((value) => JSON.stringify(value))
        .join(', ')
    : '';
}

function errorCode(code: string | undefined): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'VALIDATION_ERROR';
}

function cut(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.slice(0, 100);
}
