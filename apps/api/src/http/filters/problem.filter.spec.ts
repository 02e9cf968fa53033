import { Controller, ForbiddenException, Get, HttpException, Post, Res } from '@nestjs/common';
import { DomainError, ERROR_CODES, invalidField } from '@app/common';
import type { ErrorCode } from '@app/common';
import type { EdgeResponse } from '../adapter/exchange.js';
import { Public } from '../guards/access.decorators.js';
import { startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { PROBLEMS, problemType } from './problem-table.js';

let thrown: unknown;

@Public()
@Controller()
class FailingController {
  @Get('fails')
  fails(@Res({ passthrough: true }) response: EdgeResponse) {
    response.setHeader('ETag', '"1"');
    response.setHeader('Cache-Control', 'max-age=60');
    throw thrown;
  }
  @Get('late')
  late(@Res() response: EdgeResponse) {
    response.writeHead(200, { 'Content-Length': 10 });
    response.write('abc');
    throw new Error('too late');
  }
  @Post('jobs/:id/cancel')
  cancel() {
    return {};
  }
}

let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([FailingController]);
});
afterAll(() => server.close());

async function failWith(error: unknown, headers: Record<string, string> = {}) {
  thrown = error;
  const response = await fetch(`${server.url}/fails?patient=Smith`, { headers });
  return { response, body: (await response.json()) as Record<string, unknown> };
}

describe('ProblemFilter', () => {
  it('answers a failure as RFC 9457 problem', async () => {
    const { response, body } = await failWith(
      new DomainError('ENTITY_NOT_FOUND', 'The entity is not in the sentence.', {
        details: { hint: 'case matters' },
        fields: [{ field: 'entity', message: 'is absent', code: 'absent' }],
      }),
    );
    expect(response.status).toBe(422);
    expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(body).toEqual({
      type: '/errors/entity-not-found',
      title: 'Entity not found',
      status: 422,
      detail: 'The entity is not in the sentence.',
      instance: '/fails',
      error: 'Entity not found',
      error_code: 'ENTITY_NOT_FOUND',
      request_id: response.headers.get('x-request-id'),
      trace_id: expect.stringMatching(/^[\da-f]{32}$/),
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      details: { hint: 'case matters' },
      errors: [{ field: 'entity', message: 'is absent', code: 'absent' }],
    });
  });

  it.each(ERROR_CODES.filter((code) => code !== 'CLIENT_CLOSED_REQUEST'))(
    'gives %s its status and type',
    async (code: ErrorCode) => {
      const { response, body } = await failWith(new DomainError(code, 'x'));
      expect(response.status).toBe(PROBLEMS[code].status);
      expect(body).toMatchObject({
        error_code: code,
        type: problemType(code),
        error: body['title'],
      });
      expect(problemType(code)).toMatch(/^\/errors\/[a-z]+(-[a-z]+)*$/);
    },
  );

  it('says when to come back, in whole seconds and at least one', async () => {
    const after = async (code: ErrorCode, retryAfterSeconds?: number) =>
      (await failWith(new DomainError(code, 'x', { retryAfterSeconds }))).response.headers.get(
        'retry-after',
      );
    expect(await after('OVERLOADED')).toBe('1');
    expect(await after('OVERLOADED', 0.2)).toBe('1');
    expect(await after('MODEL_NOT_READY', 7.1)).toBe('8');
    expect(await after('CONFLICT', 7)).toBeNull();
  });

  it('names the scheme when a key is needed', async () => {
    const { response } = await failWith(new DomainError('UNAUTHENTICATED', 'x'));
    expect(response.headers.get('www-authenticate')).toContain('Bearer');
  });

  it('takes over the trace id of the caller', async () => {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    const { body } = await failWith(invalidField('text', 'x', 'y'), {
      traceparent: `00-${trace}-00f067aa0ba902b7-01`,
    });
    expect(body['trace_id']).toBe(trace);
  });

  it('tells nothing of what it did not expect, and logs it', async () => {
    for (const error of [
      new Error('password=1'),
      'a string',
      new HttpException('db at 10.0.0.1', 500),
    ]) {
      const { response, body } = await failWith(error);
      expect(response.status).toBe(500);
      expect(JSON.stringify(body)).not.toMatch(/password|string|10\.0/);
      expect(server.failures.at(-1)).toMatchObject({
        level: 'error',
        code: 'INTERNAL_ERROR',
        route: '/fails',
        error,
      });
    }
  });

  it("answers a framework's exceptions in our words", async () => {
    const { response, body } = await failWith(new ForbiddenException('library words'));
    expect(response.status).toBe(403);
    expect(body['error_code']).toBe('FORBIDDEN');
    expect(body['detail']).not.toContain('library words');
    expect((await failWith(new HttpException('teapot', 418))).response.status).toBe(400);
  });

  it('drops the headers that described the answer that failed', async () => {
    const { response } = await failWith(new DomainError('CONFLICT', 'x'));
    expect(response.headers.get('etag')).toBeNull();
    expect(response.headers.get('cache-control')).toBeNull();
  });

  it('cuts an answer that was already on its way', async () => {
    await expect(fetch(`${server.url}/late`).then((r) => r.text())).rejects.toThrow();
  });

  it('tells a wrong method from a wrong path', async () => {
    const wrongMethod = await fetch(`${server.url}/v1/jobs/7/cancel`);
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toBe('POST');
    expect((await wrongMethod.json()) as object).toMatchObject({
      error_code: 'METHOD_NOT_ALLOWED',
    });
    const wrongPath = await fetch(`${server.url}/jobs/7`);
    expect(wrongPath.status).toBe(404);
    expect((await wrongPath.json()) as object).toMatchObject({ error_code: 'NOT_FOUND' });
  });
});
