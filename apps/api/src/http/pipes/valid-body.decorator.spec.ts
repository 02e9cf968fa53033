import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { Public } from '../guards/access.decorators.js';
import { startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { ApiField } from './field-extensions.js';
import { ValidBody } from './valid-body.decorator.js';

class SpanDto {
  @ApiProperty({ type: 'integer', minimum: 0 }) start!: number;
  @ApiProperty({ type: 'integer', minimum: 1 }) end!: number;
}

@ApiExtraModels(SpanDto)
class ItemDto {
  @ApiProperty({ minLength: 1, maxLength: 20, example: 'No fever.' }) sentence!: string;
  @ApiPropertyOptional({
    oneOf: [{ type: 'string', minLength: 1 }, { $ref: getSchemaPath(SpanDto) }],
  })
  entity?: string | SpanDto;
}

@ApiExtraModels(ItemDto)
class BatchDto {
  @ApiField({
    type: 'array',
    minItems: 1,
    maxItems: 4,
    'x-error-code': { maxItems: 'BATCH_TOO_LARGE' },
    items: { oneOf: [{ type: 'string', minLength: 1 }, { $ref: getSchemaPath(ItemDto) }] },
  })
  sentences!: (string | ItemDto)[];
  @ApiField({ required: false, enum: ['codepoint', 'utf16'], 'x-echo': true }) offset_unit?: string;
  @ApiPropertyOptional({ type: 'boolean' }) truncate?: boolean;
  @ApiPropertyOptional({ type: 'string', nullable: true, pattern: '^[a-z]+$' }) model_version?:
    string | null;
  @ApiPropertyOptional({ type: SpanDto, nullable: true, description: 'where' })
  span?: SpanDto | null;
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  metadata?: Record<string, string>;
  @ApiPropertyOptional({ type: 'number', exclusiveMaximum: undefined, minimum: 0, maximum: 1 })
  threshold?: number;
}

class TextInputDto {
  @ApiProperty() text!: string;
}
class FeaturesInputDto {
  @ApiProperty({ type: [Number] }) features!: number[];
}
@ApiExtraModels(TextInputDto, FeaturesInputDto)
class InputsDto {
  @ApiProperty({
    type: 'array',
    items: {
      anyOf: [{ $ref: getSchemaPath(TextInputDto) }, { $ref: getSchemaPath(FeaturesInputDto) }],
    },
  })
  inputs!: (TextInputDto | FeaturesInputDto)[];
}

@Public()
@Controller()
class BodiesController {
  @Post('batch')
  @HttpCode(200)
  batch(@ValidBody() body: BatchDto) {
    return { keys: Object.keys(body) };
  }
  @Post('inputs')
  @HttpCode(200)
  inputs(@ValidBody() body: InputsDto) {
    return { count: body.inputs.length };
  }
}

let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([BodiesController], { server: { maxBodyBytes: 4 * 1024 * 1024 } });
});
afterAll(() => server.close());

async function send(path: string, body: unknown) {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    body: (await response.json()) as {
      detail: string;
      error_code: string;
      errors?: { field: string; code: string; message: string; rejected?: string }[];
    },
  };
}

const ok = 'No fever.';
const SECRET = 'PATIENTSMITH';

describe('@ValidBody', () => {
  it.each([
    [{ sentences: [ok] }],
    [{ sentences: [{ sentence: ok }] }],
    [
      {
        sentences: [
          { sentence: ok, entity: 'fever' },
          { sentence: ok, entity: { start: 3, end: 8 } },
        ],
      },
    ],
    [
      {
        sentences: [ok],
        model_version: null,
        span: null,
        truncate: true,
        metadata: { a: 'b' },
        threshold: 0.5,
      },
    ],
    [{ sentences: [ok], span: { start: 0, end: 1 }, offset_unit: 'utf16' }],
  ])('accepts %j', async (body) => {
    expect((await send('/batch', body)).status).toBe(200);
  });

  it.each<[body: unknown, field: string, code: string, message: string]>([
    [{}, 'sentences', 'required', 'sentences is required. Add it.'],
    [[], '', 'wrong_type', 'The body must be an object, and is an array.'],
    ['null', '', 'wrong_type', 'The body must be an object, and is null.'],
    ['"x"', '', 'wrong_type', 'The body must be an object, and is a string.'],
    [{ sentences: ok }, 'sentences', 'wrong_type', 'sentences must be an array, and is a string.'],
    [
      { sentences: [] },
      'sentences',
      'too_few_items',
      'sentences has 0 items; at least 1 is needed. Add some.',
    ],
    [{ sentences: [''] }, 'sentences[0]', 'too_short', 'sentences[0] must not be empty.'],
    [
      { sentences: [ok, 7] },
      'sentences[1]',
      'wrong_type',
      'sentences[1] must be a string or an object, and is a number.',
    ],
    [
      { sentences: [ok, null] },
      'sentences[1]',
      'wrong_type',
      'sentences[1] must be a string or an object, and is null.',
    ],
    [
      { sentences: [{}] },
      'sentences[0].sentence',
      'required',
      'sentences[0].sentence is required. Add it.',
    ],
    [
      { sentences: [{ sentence: SECRET.repeat(3) }] },
      'sentences[0].sentence',
      'too_long',
      'sentences[0].sentence is too long: at most 20 characters. Shorten it.',
    ],
    [
      { sentences: [ok, { sentence: ok, entity: { start: SECRET, end: 2 } }] },
      'sentences[1].entity.start',
      'wrong_type',
      'sentences[1].entity.start must be a whole number, and is a string.',
    ],
    [
      { sentences: [{ sentence: ok, entity: { start: -1, end: 2 } }] },
      'sentences[0].entity.start',
      'too_small',
      'sentences[0].entity.start must be at least 0.',
    ],
    [
      { sentences: [{ sentence: ok, entity: { start: 1 } }] },
      'sentences[0].entity.end',
      'required',
      'sentences[0].entity.end is required. Add it.',
    ],
    [
      { sentences: [{ sentence: ok, entity: 5 }] },
      'sentences[0].entity',
      'wrong_type',
      'sentences[0].entity must be a string or an object, and is a number.',
    ],
    [
      { sentences: [{ sentence: ok, entity: '' }] },
      'sentences[0].entity',
      'too_short',
      'sentences[0].entity must not be empty.',
    ],
    [
      { sentences: [{ sentence: ok, entty: 'x' }] },
      'sentences[0].entty',
      'unknown_field',
      'sentences[0].entty is not a field of this request. Known fields: sentence, entity. Remove it or correct its name.',
    ],
    [
      { sentences: [ok], truncate: 'yes' },
      'truncate',
      'wrong_type',
      'truncate must be a boolean, and is a string.',
    ],
    [
      { sentences: [ok], model_version: SECRET },
      'model_version',
      'wrong_format',
      'model_version does not have the required form, ^[a-z]+$.',
    ],
    [
      { sentences: [ok], offset_unit: 'bytes' },
      'offset_unit',
      'not_allowed_value',
      'offset_unit must be one of: "codepoint", "utf16".',
    ],
    [
      { sentences: [ok], metadata: { a: 1 } },
      'metadata.a',
      'wrong_type',
      'metadata.a must be a string, and is a number.',
    ],
    [{ sentences: [ok], threshold: 1.5 }, 'threshold', 'too_large', 'threshold must be at most 1.'],
    [
      { sentences: [ok], span: { start: 0 } },
      'span.end',
      'required',
      'span.end is required. Add it.',
    ],
  ])('refuses %j', async (body, field, code, message) => {
    const answer = await send('/batch', body);
    expect(answer.status).toBe(422);
    expect(answer.body.error_code).toBe('VALIDATION_ERROR');
    expect(answer.body.errors).toMatchObject([{ field, code, message }]);
    expect(answer.body.detail).toBe(message);
    expect(JSON.stringify(answer.body)).not.toContain(SECRET);
  });

  it('gives a rule the error code its schema names', async () => {
    const answer = await send('/batch', { sentences: [ok, ok, ok, ok, ok] });
    expect(answer.body).toMatchObject({
      status: 422,
      error_code: 'BATCH_TOO_LARGE',
      detail: 'sentences has 5 items; at most 4 are accepted. Split it over several requests.',
    });
  });

  it('shows a refused value only where the schema allows it', async () => {
    const shownValue = await send('/batch', { sentences: [ok], offset_unit: 'b'.repeat(200) });
    expect(shownValue.body.errors?.[0]?.rejected).toBe('b'.repeat(100));
    const hidden = await send('/batch', { sentences: [ok], model_version: SECRET });
    expect(hidden.body.errors?.[0]).not.toHaveProperty('rejected');
  });

  it('tells the forms of a union apart by the fields that were sent', async () => {
    expect((await send('/inputs', { inputs: [{ text: 'a' }, { features: [1] }] })).status).toBe(
      200,
    );
    const told = async (input: unknown) => (await send('/inputs', { inputs: [input] })).body.detail;
    expect(await told({ features: [1, 'x'] })).toBe(
      'inputs[0].features[1] must be a number, and is a string.',
    );
    expect(await told({ features: [1], foo: 1 })).toContain(
      'inputs[0].foo is not a field of this request. Known fields: features.',
    );
    expect(await told({ txt: 'a' })).toBe(
      'inputs[0] needs one of these fields: text, features. Add the one you mean.',
    );
  });

  it('cuts and cleans a hostile field name', async () => {
    const answer = await send('/batch', {
      sentences: [ok],
      ['<script>alert(1)</script>\r\n' + 'x'.repeat(5000)]: 1,
    });
    expect(answer.body.errors?.[0]?.field).toMatch(/^\?script\?alert[\w?]{1,30}…$/);
    const proto = await send('/batch', '{"sentences":["a"],"__proto__":{"x":1}}');
    expect(proto.body.errors?.[0]).toMatchObject({ field: '__proto__', code: 'unknown_field' });
  });

  it('is not slowed or broken by hostile bodies', async () => {
    const started = performance.now();
    const depth = 100_000;
    for (const body of [
      '['.repeat(depth) + ']'.repeat(depth),
      `{"sentences":${'['.repeat(depth)}${']'.repeat(depth)}}`,
      `{"metadata":${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}}`,
      JSON.stringify({ sentences: Array.from({ length: 300_000 }, () => 1) }),
      JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i]))),
    ]) {
      expect((await send('/batch', body)).status).toBe(422);
    }
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it('asks for a body when there is none', async () => {
    const response = await fetch(`${server.url}/batch`, { method: 'POST' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error_code: 'MALFORMED_REQUEST',
      detail: expect.stringContaining('no body'),
    });
  });

  it('documents the body', () => {
    const operation = server.edge.document.paths['/batch']?.post;
    expect(operation?.requestBody).toMatchObject({
      required: true,
      content: { 'application/json': { schema: { $ref: '#/components/schemas/BatchDto' } } },
    });
  });

  it('needs a class to check against', () => {
    expect(() => {
      class Wrong {
        route(@ValidBody() body: { a: string }) {
          return body;
        }
      }
      return Wrong;
    }).toThrow('Wrong.route');
  });
});
