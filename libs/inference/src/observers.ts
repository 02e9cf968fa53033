import type { PredictionEvent, PredictionObserver } from '@app/common';

/** Events kept while observers catch up; older ones are dropped, never the request. */
const CAPACITY = 10_000;

/** Tells observers of predictions after the answers have left, and survives their errors. */
export class PredictionObservers {
  private buffer: PredictionEvent[] = [];
  private scheduled = false;
  /** Events that were not delivered because observers could not keep up. */
  dropped = 0;

  constructor(
    private readonly observers: readonly PredictionObserver[],
    private readonly onError: (error: unknown) => void = () => undefined,
  ) {}

  notify(event: PredictionEvent): void {
    if (this.buffer.length >= CAPACITY) {
      this.dropped++;
      return;
    }
    this.buffer.push(event);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => this.flush());
  }

  private flush(): void {
    const events = this.buffer;
    this.buffer = [];
    this.scheduled = false;
    for (const observer of this.observers) {
      for (const event of events) {
        try {
          observer.onPrediction(event);
        } catch (error) {
          this.onError(error);
        }
      }
    }
  }
}
