import { Controller, Get } from '@nestjs/common';
import { Public } from '../guards/access.decorators.js';
import { startEdgeApp, type EdgeApp } from '../testing/edge-app.js';
import { afterId, ApiPage, Page, toCursor, toPage, type PageRequest } from './page.decorator.js';

@Controller()
@Public()
class ListController {
  @Get('list')
  @ApiPage()
  list(@Page() page: PageRequest) {
    return page;
  }
}

describe('Page', () => {
  let server: EdgeApp;
  beforeAll(async () => {
    server = await startEdgeApp([ListController]);
  });
  afterAll(() => server.close());

  const ask = async (query: string) => {
    const response = await fetch(`${server.url}/list${query}`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  it('reads limit and cursor, and leads on from where a page ended', async () => {
    expect((await ask('')).body).toEqual({ limit: 100, after: null });
    const cursor = toCursor('tenant\u0001key:ä')!;
    expect((await ask(`?limit=1000&cursor=${cursor}`)).body).toEqual({
      limit: 1_000,
      after: 'tenant\u0001key:ä',
    });
    expect(toCursor(null)).toBeNull();
  });

  it('leads on from the last row of a full page, and nowhere from a short one', () => {
    const rows = [{ id: 'a' }, { id: 'b' }];
    const page = (limit: number) => toPage(rows, { limit, after: null }, 7, ({ id }) => `<${id}>`);
    expect(page(2)).toEqual({ data: ['<a>', '<b>'], next_cursor: toCursor('b'), total: 7 });
    expect(page(3).next_cursor).toBeNull();
    expect(toPage([], { limit: 1, after: null }, 0, String).next_cursor).toBeNull();
  });

  it('takes only ids from lists that are in the order of them', () => {
    const id = '01890a5d-ac96-774b-bcce-b302099a8057';
    expect(afterId({ limit: 1, after: id })).toBe(id);
    expect(afterId({ limit: 1, after: null })).toBeNull();
    expect(() => afterId({ limit: 1, after: '0' })).toThrow('next_cursor of an earlier answer');
    expect(() => afterId({ limit: 1, after: 'default' })).toThrow('cursor');
    expect(afterId({ limit: 1, after: 'default' }, 'default')).toBe('default');
  });

  it.each([
    ['?limit=0', 'limit'],
    ['?limit=1001', 'limit'],
    ['?limit=1e2', 'limit'],
    ['?limit=5&limit=6', 'limit'],
    ['?cursor=', 'cursor'],
    ['?cursor=a/b', 'cursor'],
  ])('refuses %s by name', async (query, field) => {
    expect(await ask(query)).toMatchObject({
      status: 422,
      body: { error_code: 'VALIDATION_ERROR', errors: [{ field }] },
    });
  });
});
