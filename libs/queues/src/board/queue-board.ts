import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { DomainError } from '@app/common';
import type { Queue as Bull } from 'bullmq';
import type { BoardAnswer, BoardRequest } from './board-exchange.js';
import { BoardFiles, pageTemplate, type BoardFile } from './board-files.js';
import { boardPage } from './board-page.js';
import { BoardServer } from './board-server.js';
import { matchRoute } from './route-pattern.js';
import { sanitised } from '../sanitised-error.js';

/** A queue as the board shows it. */
export interface ShownQueue {
  readonly name: string;
  readonly description: string;
}

/** Where the board gets its queues: fails with SERVICE_UNAVAILABLE when their store is away. */
export interface BoardSource {
  ready(name: string): Promise<Bull>;
}

/** A store that does not answer is not waited for. */
const PATIENCE_MS = 5_000;

/**
 * What may be changed through the board: all of it comes right again by itself, since the
 * tables say what there is to do. Entries with a content of somebody's own are not added.
 */
const CHANGES: ReadonlySet<string> = new Set([
  'put /api/queues/pause',
  'put /api/queues/resume',
  'put /api/queues/:queueName/pause',
  'put /api/queues/:queueName/resume',
  'put /api/queues/:queueName/promote',
  'put /api/queues/:queueName/retry/:queueStatus',
  'put /api/queues/:queueName/clean/:queueStatus',
  'put /api/queues/:queueName/:jobId/retry',
  'put /api/queues/:queueName/:jobId/clean',
  'put /api/queues/:queueName/:jobId/promote',
]);

/** Bull Board over the process's queues, without a server of its own. */
export class QueueBoard {
  private readonly files = new BoardFiles();
  private readonly server = new BoardServer();
  private readonly template = pageTemplate();

  constructor(
    private readonly shown: readonly ShownQueue[],
    private readonly source: BoardSource,
  ) {
    createBullBoard({
      // They are given with each request: one that could not connect is replaced by another.
      queues: [],
      serverAdapter: this.server,
      options: {
        uiConfig: { boardTitle: 'Queues', hideDocsLink: true, sortQueues: true },
        handlerHooks: {
          before: ({ method, route }) => ({
            allow: method === 'get' || CHANGES.has(`${method} ${route}`),
          }),
        },
      },
    });
    // Fails at the start, if at all.
    this.page('/');
  }

  /** @param basePath where the board is, with a slash at its end */
  page(basePath: string): string {
    return boardPage(this.template, this.server.pageValues(basePath));
  }

  /** Whether a path below the board is one of its pages. */
  hasPage(path: string): boolean {
    return this.server.hasPage(path);
  }

  /** Null when there is none. @param name below the board: `static/js/main.js` */
  file(name: string): BoardFile | null {
    return this.files.get(name);
  }

  /**
   * Null when nothing is there.
   * @throws DomainError SERVICE_UNAVAILABLE, CONFLICT when the queue did not do what was asked
   */
  async answer(request: BoardRequest): Promise<BoardAnswer | null> {
    const found = this.server.find(request.method, request.path);
    if (found === null) return null;
    return withinPatience(async () => {
      const queues = await this.adapters(request.mayChange);
      try {
        return await found({
          queues,
          query: request.query,
          body: request.body as Record<string, unknown>,
        });
      } catch (error) {
        throw request.method === 'GET' ? unavailable(error) : undone(error);
      }
    });
  }

  /**
   * Ids of the entries of a queue that a request wants retried; none when it wants something else.
   * @throws DomainError SERVICE_UNAVAILABLE
   */
  async retried(name: string, { path }: Pick<BoardRequest, 'path'>): Promise<string[]> {
    const one = matchRoute('/api/queues/:queueName/:jobId/retry', path);
    const all = matchRoute('/api/queues/:queueName/retry/failed', path);
    if ((one ?? all)?.['queueName'] !== name) return [];
    if (one !== null) return [one['jobId'] ?? ''];
    return withinPatience(async () => {
      const queue = await this.source.ready(name);
      return queue.getRanges(['failed']).catch((error: unknown) => {
        throw unavailable(error);
      });
    });
  }

  private async adapters(mayChange: boolean): Promise<Map<string, BullMQAdapter>> {
    const entries = this.shown.map(async ({ name, description }) => {
      const queue = await this.source.ready(name);
      const adapter = new BullMQAdapter(queue, { readOnlyMode: !mayChange, description });
      return [name, adapter] as const;
    });
    return new Map(await Promise.all(entries));
  }
}

async function withinPatience<T>(work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unavailable(undefined)), PATIENCE_MS);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function unavailable(cause: unknown): DomainError {
  return new DomainError('SERVICE_UNAVAILABLE', 'The queues cannot be read at the moment.', {
    retryAfterSeconds: 2,
    cause: cause === undefined ? undefined : sanitised(cause),
  });
}

function undone(cause: unknown): DomainError {
  return new DomainError(
    'CONFLICT',
    'The queue did not do that: a worker may have the entry, or it is gone. Look again.',
    { cause: sanitised(cause) },
  );
}
