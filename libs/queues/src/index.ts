export type {
  Queue,
  QueueCounts,
  QueueHandler,
  Queues,
  QueueWorker,
  OpenedQueues,
} from './queue.js';
export { openQueues, type QueuesOptions } from './open-queues.js';
export type { QueuesLog } from './queues-log.js';
export type { BoardAnswer, BoardRequest } from './board/board-exchange.js';
export type { QueueBoard, ShownQueue } from './board/queue-board.js';
export type { BoardFile } from './board/board-files.js';
