import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Application, RequestHandler } from 'express';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { EdgeResponse } from '../adapter/exchange.js';
import type { LeanExpressAdapter } from '../adapter/lean-express.adapter.js';

interface Asset {
  readonly type: string;
  readonly content: () => Buffer | string;
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';

const require = createRequire(import.meta.url);
const SWAGGER_UI = dirname(require.resolve('swagger-ui-dist/package.json'));

/** ReDoc's browser bundle: from its package where that is installed, else the copy the build put beside this file. */
function redocBundle(): string | undefined {
  const copy = fileURLToPath(new URL('./redoc.standalone.js', import.meta.url));
  if (existsSync(copy)) return copy;
  try {
    return require.resolve('redoc/bundles/redoc.standalone.js');
  } catch {
    return undefined;
  }
}

function file(path: string, type: string): Asset {
  let content: Buffer | undefined;
  return { type, content: () => (content ??= readFileSync(path)) };
}

function text(content: string, type: string): Asset {
  return { type, content: () => content };
}

// The bundle would fetch its maker's logo from their servers.
const REMOTE_LOGO = /https:\/\/cdn\.redoc(?:\.ly|ly\.com)\/redoc\/logo-mini\.svg/g;

function redocScript(path: string): Asset {
  let content: string | undefined;
  return {
    type: JAVASCRIPT,
    content: () => (content ??= readFileSync(path, 'utf8').replace(REMOTE_LOGO, 'data:,')),
  };
}

function page(title: string, head: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${title}</title>
  <link rel="icon" href="docs/favicon-32x32.png">
${head}</head>
<body>
${body}</body>
</html>
`;
}

const SWAGGER_PAGE = page(
  'API explorer',
  '  <link rel="stylesheet" href="docs/swagger-ui.css">\n',
  `  <div id="swagger-ui"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/swagger-init.js"></script>
`,
);
const SWAGGER_INIT = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

const REDOC_PAGE = page(
  'API reference',
  '',
  `  <div id="redoc"></div>
  <script src="docs/redoc.standalone.js"></script>
  <script src="docs/redoc-init.js"></script>
`,
);
const REDOC_INIT = `Redoc.init('openapi.json', { hideDownloadButton: false }, document.getElementById('redoc'));
`;

export interface DocumentationOptions {
  /** Path of ReDoc's `redoc.standalone.js`. Default: wherever it is found; without it there is no `/redoc`. */
  readonly redocBundle?: string;
}

/** Serves `/openapi.json`, `/docs` (Swagger UI) and `/redoc` (ReDoc), all from this machine. */
export function serveDocumentation(
  adapter: LeanExpressAdapter,
  document: OpenAPIObject,
  options: DocumentationOptions = {},
): void {
  const app = adapter.getInstance<Application>();
  const assets = new Map<string, Asset>([
    ['favicon-32x32.png', file(join(SWAGGER_UI, 'favicon-32x32.png'), 'image/png')],
    ['swagger-ui.css', file(join(SWAGGER_UI, 'swagger-ui.css'), CSS)],
    ['swagger-ui-bundle.js', file(join(SWAGGER_UI, 'swagger-ui-bundle.js'), JAVASCRIPT)],
    ['swagger-init.js', text(SWAGGER_INIT, JAVASCRIPT)],
  ]);
  const asPage: RequestHandler = (_, response, next) => {
    (response as unknown as EdgeResponse).fixedHeaders = adapter.securityHeaders.page;
    next();
  };
  const json = JSON.stringify(document);
  app.get('/openapi.json', (_, response) => {
    response.type('application/json').send(json);
  });
  app.get('/docs', asPage, (_, response) => {
    response.type(HTML).send(SWAGGER_PAGE);
  });
  const bundle = options.redocBundle ?? redocBundle();
  if (bundle !== undefined) {
    assets.set('redoc.standalone.js', redocScript(bundle));
    assets.set('redoc-init.js', text(REDOC_INIT, JAVASCRIPT));
    app.get('/redoc', asPage, (_, response) => {
      response.type(HTML).send(REDOC_PAGE);
    });
  }
  app.get('/docs/:asset', asPage, (request, response, next) => {
    const asset = assets.get(String(request.params['asset']));
    if (asset === undefined) next();
    else
      response.type(asset.type).set('Cache-Control', 'public, max-age=3600').send(asset.content());
  });
}
