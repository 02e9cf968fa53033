import { fileURLToPath } from 'node:url';
import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiProperty } from '@nestjs/swagger';
import { Public, RequirePermission } from '../guards/access.decorators.js';
import { ValidBody } from '../pipes/valid-body.decorator.js';
import { startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { ApiProblems } from './api-problems.decorator.js';

class SumDto {
  @ApiProperty({ type: 'integer', example: 1 }) a!: number;
}

@Controller()
class SumController {
  @Post('sum')
  @HttpCode(200)
  @RequirePermission('predict')
  @ApiOkResponse({ type: SumDto })
  @ApiProblems('TEXT_TOO_LONG', 'OVERLOADED', 'MODEL_NOT_READY', 'INFERENCE_TIMEOUT')
  sum(@ValidBody() body: SumDto) {
    return body;
  }
  @Get('open')
  @Public()
  open() {
    return {};
  }
}

let server: EdgeApp;
beforeAll(async () => {
  // Stands for ReDoc's bundle: the page is ours, what the bundle does is not.
  const redocBundle = fileURLToPath(import.meta.url);
  server = await startEdgeApp([SumController], { redocBundle });
});
afterAll(() => server.close());

describe('the OpenAPI document', () => {
  it('is served as it is', async () => {
    const response = await fetch(`${server.url}/openapi.json`);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(await response.json()).toEqual(JSON.parse(JSON.stringify(server.edge.document)));
    expect(server.edge.document.info).toMatchObject({ title: 'Clinserve', version: '1.2.3' });
  });

  it('lists each operation once, with either way to show a key', () => {
    const { paths, components } = server.edge.document;
    expect(Object.keys(paths)).toEqual(['/sum', '/open']);
    expect(paths['/sum']?.post?.security).toEqual(
      expect.arrayContaining([{ bearer: [] }, { api_key: [] }]),
    );
    expect(paths['/open']?.get?.security ?? []).toEqual([]);
    expect(Object.keys(components?.securitySchemes ?? {}).sort()).toEqual(['api_key', 'bearer']);
  });

  it('tells how each operation can fail, with an example of each code', () => {
    const { paths } = server.edge.document;
    const responses = paths['/sum']?.post?.responses ?? {};
    expect(Object.keys(responses)).toEqual([
      '200',
      '400',
      '401',
      '403',
      '413',
      '415',
      '422',
      '500',
      '503',
      '504',
    ]);
    const unprocessable = responses['422'] as {
      content: Record<string, { schema: unknown; examples: object }>;
    };
    const content = unprocessable.content['application/problem+json'];
    expect(content?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
    expect(Object.keys(content?.examples ?? {}).sort()).toEqual([
      'TEXT_TOO_LONG',
      'VALIDATION_ERROR',
    ]);
    expect(Object.keys(paths['/open']?.get?.responses ?? {})).toEqual(['200', '400', '500']);
  });
});

describe('documentation pages', () => {
  it.each(['/docs', '/redoc'])(
    '%s loads nothing from elsewhere and only what is there',
    async (page) => {
      const response = await fetch(server.url + page);
      expect(response.status).toBe(200);
      expect(response.headers.get('content-security-policy')).toContain("script-src 'self'");
      const html = await response.text();
      expect(html).not.toMatch(/https?:\/\//);
      expect(html).not.toMatch(/<script>|onload=/);
      const links = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
      expect(links.length).toBeGreaterThan(2);
      for (const link of links) {
        expect([link, (await fetch(new URL(link, server.url + page))).status]).toEqual([link, 200]);
      }
    },
  );

  it('answers 404 for other names below it', async () => {
    expect((await fetch(`${server.url}/docs/package.json`)).status).toBe(404);
    expect((await fetch(`${server.url}/docs/..%2fpackage.json`)).status).toBe(404);
    expect((await fetch(`${server.url}/docs/__proto__`)).status).toBe(404);
  });
});
