import type {
  AppControllerRoute,
  AppViewRoute,
  BullBoardQueues,
  BullBoardRequest,
  IServerAdapter,
  UIConfig,
} from '@bull-board/api/typings/app';
import type { BoardPageValues } from './board-page.js';
import { matchRoute } from './route-pattern.js';
import type { BoardAnswer } from './board-exchange.js';

type Handler = (
  request: Pick<BullBoardRequest, 'queues' | 'query' | 'body'>,
) => Promise<BoardAnswer>;

/**
 * What Bull Board takes for a server. It only keeps the routes: pages and answers go out
 * through this service's own server, with its headers and its checks.
 */
export class BoardServer implements IServerAdapter {
  private api: AppControllerRoute[] = [];
  private entry: AppViewRoute | null = null;
  private uiConfig: UIConfig = {};

  setQueues(_queues: BullBoardQueues): this {
    return this;
  }

  setViewsPath(_path: string): this {
    return this;
  }

  setStaticPath(_route: string, _path: string): this {
    return this;
  }

  setErrorHandler(): this {
    return this;
  }

  setEntryRoute(route: AppViewRoute): this {
    this.entry = route;
    return this;
  }

  setApiRoutes(routes: AppControllerRoute[]): this {
    this.api = routes;
    return this;
  }

  setUIConfig(config: UIConfig): this {
    this.uiConfig = config;
    return this;
  }

  hasPage(path: string): boolean {
    return listed(this.entry?.route).some((route) => matchRoute(route, path) !== null);
  }

  pageValues(basePath: string): BoardPageValues {
    const params = this.entry?.handler({ basePath, uiConfig: this.uiConfig }).params;
    return params as unknown as BoardPageValues;
  }

  /** What answers a method and a path; null when nothing does. */
  find(method: string, path: string): Handler | null {
    for (const offered of this.api) {
      if (!listed(offered.method).includes(method.toLowerCase())) continue;
      for (const pattern of listed(offered.route)) {
        const params = matchRoute(pattern, path);
        if (params === null) continue;
        return async (request) => {
          const asked = { ...request, params, headers: {}, uiConfig: this.uiConfig };
          const { status = 200, body } = await offered.handler(asked);
          return { status, body };
        };
      }
    }
    return null;
  }
}

function listed(value: string | readonly string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === 'string' ? [value] : value;
}
