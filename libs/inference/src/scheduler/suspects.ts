import type { Priority } from '@app/common';
import type { Lane } from '../runtime/runtime.js';
import type { WorkItem } from './work.js';

/** Items whose batch failed or killed its lane: each is tried once more, alone, one at a time. */
export class Suspects {
  private readonly waiting: Record<Priority, Set<WorkItem>> = {
    interactive: new Set(),
    bulk: new Set(),
  };
  /** Where one is being tried; that lane takes nothing else meanwhile. */
  lane: Lane | null = null;

  get size(): number {
    return this.waiting.interactive.size + this.waiting.bulk.size;
  }

  add(item: WorkItem): void {
    this.of(item).add(item);
  }

  has(item: WorkItem): boolean {
    return this.of(item).has(item);
  }

  /** @returns whether it was one of them */
  delete(item: WorkItem): boolean {
    return this.of(item).delete(item);
  }

  /** The one to try next; none while another is being tried. */
  next(priority: Priority): WorkItem | undefined {
    if (this.lane) return undefined;
    const [item] = this.waiting[priority];
    return item;
  }

  *[Symbol.iterator](): IterableIterator<WorkItem> {
    yield* this.waiting.interactive;
    yield* this.waiting.bulk;
  }

  private of(item: WorkItem): Set<WorkItem> {
    return this.waiting[item.submission.context.priority];
  }
}
