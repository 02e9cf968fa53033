import { pageTemplate } from './board-files.js';
import { boardPage } from './board-page.js';

const VALUES = {
  basePath: '/admin/queues/',
  title: 'Queues & "more"',
  uiConfig: '{"a":1}',
  favIconDefault: 'static/a.svg',
  favIconAlternative: 'static/a.png',
};

describe('boardPage', () => {
  it('loads nothing from other servers', () => {
    const page = boardPage(pageTemplate(), VALUES);
    expect(page).not.toMatch(/https?:/);
    expect(page).toContain('<base href="/admin/queues/" />');
    expect(page).toContain('<title>Queues &#38; &#34;more&#34;</title>');
    expect(page).toContain('<script id="__UI_CONFIG__" type="application/json">{"a":1}</script>');
  });

  it.each(['<%= unheardOf %>', '<% if (title) { %>'])('refuses a template with %s', (place) => {
    expect(() => boardPage(place, VALUES)).toThrow(/board's page/);
  });
});
