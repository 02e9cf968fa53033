import { Speed } from './speed.js';
import type { WorkItem } from './work.js';

/**
 * The work that stands before a new interactive request: what interactive
 * callers have queued and what the lanes hold, each at its model's own speed.
 */
export class Backlog {
  private readonly models = new Map<string, { tokens: number; readonly speed: Speed }>();

  /** Of all models. */
  tokens = 0;

  add(items: readonly WorkItem[]): void {
    for (const item of items) this.count(item, 1);
  }

  remove(items: readonly WorkItem[]): void {
    for (const item of items) this.count(item, -1);
  }

  /** Learns from a batch: real tokens, so that padding counts as slowness. */
  learn(batch: readonly WorkItem[], tokens: number, runMs: number): void {
    const head = batch[0];
    if (head) this.of(head).speed.record(tokens, batch.length, runMs);
  }

  /** Milliseconds `lanes` lanes need for all of it; 0 while no speed is known. */
  estimateMs(lanes: number): number {
    let ms = 0;
    for (const { tokens, speed } of this.models.values()) ms += speed.estimate(tokens, lanes);
    return ms;
  }

  /** Milliseconds one lane needs for `tokens` of this item's model; 0 while its speed is unknown. */
  runMs(item: WorkItem, tokens: number): number {
    return this.of(item).speed.estimate(tokens, 1);
  }

  /** Items of a model that `lanes` lanes do in a second, as its batches were lately; null before the first. */
  itemsPerSecond(modelKey: string, lanes: number): number | null {
    return this.models.get(modelKey)?.speed.itemsPerSecond(lanes) ?? null;
  }

  private count(item: WorkItem, sign: 1 | -1): void {
    const tokens = sign * item.length * item.units;
    this.tokens += tokens;
    this.of(item).tokens += tokens;
  }

  private of(item: WorkItem): { tokens: number; readonly speed: Speed } {
    const { key } = item.submission.model;
    let model = this.models.get(key);
    if (!model) this.models.set(key, (model = { tokens: 0, speed: new Speed() }));
    return model;
  }
}
