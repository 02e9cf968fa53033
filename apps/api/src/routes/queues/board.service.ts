import { Inject, Injectable } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { DomainError } from '@app/common';
import { Deliveries } from '@app/deliveries';
import type { BoardAnswer, BoardRequest, QueueBoard } from '@app/queues';
import { DELIVERY_QUEUE } from '../../../../worker/src/processors/deliveries.processor.js';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import type { LeanExpressAdapter } from '../../http/adapter/lean-express.adapter.js';
import type { Acting } from '../admin/acting.js';
import { AuditedActs } from '../admin/audited-acts.js';
import { BOARD_ROUTE, BoardPlace } from './board-place.js';

/** Injection token of the QueueBoard. */
export const QUEUE_BOARD = Symbol('QUEUE_BOARD');

const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
/** Their names change with their content. */
const FILES_CACHE = 'private, max-age=3600';

/** Between HTTP and the board of queues. */
@Injectable()
export class BoardService {
  constructor(
    @Inject(QUEUE_BOARD) private readonly board: QueueBoard,
    private readonly place: BoardPlace,
    private readonly acts: AuditedActs,
    private readonly deliveries: Deliveries,
    private readonly server: HttpAdapterHost<LeanExpressAdapter>,
  ) {}

  /** @throws DomainError NOT_FOUND, FORBIDDEN, CONFLICT, SERVICE_UNAVAILABLE */
  async answer(request: EdgeRequest, response: EdgeResponse, acting: Acting): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://board');
    const path = url.pathname.slice(BOARD_ROUTE.length).replace(/\/$/, '') || '/';
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const looks = method === 'GET';
    if (looks && this.board.hasPage(path)) {
      response.fixedHeaders = this.server.httpAdapter.securityHeaders.pageWithBase;
      send(response, 200, HTML, 'no-store', this.board.page(`${this.place.path}/`));
      return;
    }
    const file = looks ? this.board.file(path.slice(1)) : null;
    if (file !== null) {
      response.fixedHeaders = this.server.httpAdapter.securityHeaders.page;
      send(response, 200, file.type, FILES_CACHE, file.content);
      return;
    }
    const asked: BoardRequest = {
      ...{ method, path },
      query: Object.fromEntries(url.searchParams),
      body: request.body,
      mayChange: request.scope.principal?.permissions.has('ops:admin') ?? false,
    };
    const { status, body } = looks
      ? found(await this.board.answer(asked))
      : await this.act(asked, acting);
    if (status === 204) {
      response.statusCode = 204;
      response.end();
    } else send(response, status, JSON_TYPE, 'no-store', JSON.stringify(body));
  }

  /** What is done to a queue is recorded, and what was refused too. */
  private async act(asked: BoardRequest, acting: Acting): Promise<BoardAnswer> {
    const { verb, id } = actOf(asked.path);
    const act = { action: `queue.${verb}`, object: { kind: 'queue', id } };
    let again: readonly string[] = [];
    const answer = await this.acts.perform(acting, act, async (tx) => {
      if (!asked.mayChange) {
        throw new DomainError('FORBIDDEN', 'This needs the permission "ops:admin".');
      }
      // What was given up is sent again only when its row says so; the entry alone would do nothing.
      const entries = await this.board.retried(DELIVERY_QUEUE, asked);
      again = await this.deliveries.replayEntries(tx, entries);
      const answer = found(await this.board.answer(asked));
      if (answer.status < 400) return answer;
      if (answer.status === 404)
        throw new DomainError('NOT_FOUND', 'There is no such entry any more.');
      throw new DomainError('FORBIDDEN', 'That cannot be done here: see "npm run jobs".');
    });
    // A worker may have had the entries before the rows were there to see. Not waited for: what is
    // not woken now, the sweep finds.
    void this.deliveries.wake(again);
    return answer;
  }
}

const VERBS = ['pause', 'resume', 'promote', 'retry', 'clean'] as const;

/** What is done, to which queue or entry. @param path such as `/api/queues/deliveries/7/retry` */
function actOf(path: string): { readonly verb: string; readonly id: string | null } {
  const segments = path.split('/').slice(3);
  const verb = VERBS.find((name) => segments.includes(name));
  const id = segments.slice(0, verb === undefined ? 1 : segments.indexOf(verb)).join('/');
  return { verb: verb ?? 'change', id: id === '' ? null : id.slice(0, LONGEST_ID) };
}

const LONGEST_ID = 200;

function found(answer: BoardAnswer | null): BoardAnswer {
  if (answer === null) throw new DomainError('NOT_FOUND', 'There is nothing at this address.');
  return answer;
}

function send(
  response: EdgeResponse,
  status: number,
  type: string,
  cache: string,
  content: string | Buffer,
): void {
  response.statusCode = status;
  response.setHeader('Content-Type', type);
  response.setHeader('Cache-Control', cache);
  response.setHeader('Content-Length', Buffer.byteLength(content));
  response.end(content);
}
