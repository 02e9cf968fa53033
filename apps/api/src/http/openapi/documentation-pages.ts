import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, dirname } from 'node:path';
import type { Application, RequestHandler } from 'express';
import helmet from 'helmet';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { LeanExpressAdapter } from '../adapter/lean-express.adapter.js';

// The pages run scripts and styles of this server only. Both put style
// attributes and elements into the page, which a policy by hash cannot follow.
const PAGE_HEADERS: RequestHandler = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      scriptSrc: ["'self'"],
      styleSrc: ["'self'", "'unsafe-inline'"],
      imgSrc: ["'self'", 'data:'],
      fontSrc: ["'self'", 'data:'],
      connectSrc: ["'self'"],
      workerSrc: ["'self'", 'blob:'],
      baseUri: ["'none'"],
      formAction: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // TLS may be off, or end before us: only the operator's proxy knows.
  strictTransportSecurity: false,
});

interface Asset {
  readonly type: string;
  readonly content: () => Buffer | string;
}

const require = createRequire(import.meta.url);

function fromPackage(name: string, file: string, type: string): Asset {
  let read: Buffer | undefined;
  return {
    type,
    content: () =>
      (read ??= readFileSync(join(dirname(require.resolve(`${name}/package.json`)), file))),
  };
}

const JAVASCRIPT = 'text/javascript; charset=utf-8';
const HTML = 'text/html; charset=utf-8';

const SWAGGER_INIT = `window.ui = SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
`;

const SWAGGER_PAGE = `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>Clinserve API</title>
  <link rel="icon" href="docs/favicon-32x32.png">
  <link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/init.js"></script>
</body>
</html>
`;

const ASSETS: Readonly<Record<string, Asset>> = {
  'swagger-ui.css': fromPackage('swagger-ui-dist', 'swagger-ui.css', 'text/css; charset=utf-8'),
  'swagger-ui-bundle.js': fromPackage('swagger-ui-dist', 'swagger-ui-bundle.js', JAVASCRIPT),
  'favicon-32x32.png': fromPackage('swagger-ui-dist', 'favicon-32x32.png', 'image/png'),
  'init.js': { type: JAVASCRIPT, content: () => SWAGGER_INIT },
};

/** Serves `/openapi.json` and `/docs` (Swagger UI), all from this machine. */
export function serveDocumentation(adapter: LeanExpressAdapter, document: OpenAPIObject): void {
  const app = adapter.getInstance<Application>();
  const json = JSON.stringify(document);
  app.get('/openapi.json', (_, response) => {
    response.type('application/json').send(json);
  });
  app.get('/docs', PAGE_HEADERS, (_, response) => {
    response.type(HTML).send(SWAGGER_PAGE);
  });
  app.get('/docs/:asset', PAGE_HEADERS, (request, response, next) => {
    const asset = ASSETS[String(request.params.asset)];
    if (asset === undefined) next();
    else
      response.type(asset.type).set('Cache-Control', 'public, max-age=3600').send(asset.content());
  });
}
