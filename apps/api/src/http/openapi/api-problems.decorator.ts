import { applyDecorators } from '@nestjs/common';
import { ApiResponse } from '@nestjs/swagger';
import type { ErrorCode } from '@app/common';
import { PROBLEMS, problemType } from '../filters/problem-table.js';

export const PROBLEM_SCHEMA = '#/components/schemas/Problem';

/** The OpenAPI response for failures of one status. */
export function problemResponse(codes: readonly ErrorCode[]) {
  return {
    description: codes.map((code) => `${code}: ${PROBLEMS[code].title}`).join('; '),
    content: {
      'application/problem+json': {
        schema: { $ref: PROBLEM_SCHEMA },
        examples: Object.fromEntries(codes.map((code) => [code, { value: problemExample(code) }])),
      },
    },
  };
}

/** Failures of an operation by status, in the order of the statuses. */
export function codesByStatus(codes: readonly ErrorCode[]): Map<number, ErrorCode[]> {
  const groups = new Map<number, ErrorCode[]>();
  for (const code of codes) {
    const { status } = PROBLEMS[code];
    groups.set(status, [...(groups.get(status) ?? []), code]);
  }
  return new Map([...groups].sort(([a], [b]) => a - b));
}

/** Documents how an operation can fail, beyond what its access rule and its body already say. */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...[...codesByStatus(codes)].map(([status, ofStatus]) =>
      ApiResponse({ status, ...problemResponse(ofStatus) }),
    ),
  );
}

function problemExample(code: ErrorCode): Record<string, unknown> {
  const { status, title } = PROBLEMS[code];
  return {
    type: problemType(code),
    title,
    status,
    detail: EXAMPLE_DETAILS[code] ?? `${title}.`,
    instance: '/predict',
    error: title,
    error_code: code,
    request_id: 'req-mb2k9x1c-5f0a1b2c3d4e5f60',
    trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
    timestamp: '2026-01-15T09:30:00.000Z',
    ...(code === 'VALIDATION_ERROR'
      ? {
          errors: [
            {
              field: 'sentences[3].entity.start',
              code: 'too_small',
              message: EXAMPLE_DETAILS[code],
            },
          ],
        }
      : {}),
  };
}

const EXAMPLE_DETAILS: Partial<Record<ErrorCode, string>> = {
  VALIDATION_ERROR: 'sentences[3].entity.start must be at least 0.',
  UNAUTHENTICATED: 'A key is needed. Send it in X-API-Key or as "Authorization: Bearer KEY".',
  OVERLOADED: 'The queue is full. Try again after the time in Retry-After.',
};
