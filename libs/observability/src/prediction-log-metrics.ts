import { Counter, Gauge, type Registry } from 'prom-client';

/** How far the log of predictions keeps up. */
export class PredictionLogMetrics {
  private readonly written: Counter;
  private readonly dropped: Counter<'reason'>;
  private buffered: () => number = () => 0;

  constructor(registry: Registry) {
    const registers = [registry];
    this.written = new Counter({
      name: 'prediction_log_written_total',
      help: 'Predictions written to the prediction log.',
      registers,
    });
    this.dropped = new Counter({
      name: 'prediction_log_dropped_total',
      help: 'Predictions that never reached the prediction log, by reason.',
      labelNames: ['reason'],
      registers,
    });
    const depth = (): number => this.buffered();
    new Gauge({
      name: 'prediction_log_buffered',
      help: 'Predictions that wait to be written to the prediction log.',
      registers,
      collect() {
        this.set(depth());
      },
    });
  }

  countWritten(rows: number): void {
    this.written.inc(rows);
  }

  countDropped(rows: number, reason: string): void {
    this.dropped.inc({ reason }, rows);
  }

  /** Where the gauge reads from whenever the metrics are asked for. */
  readBufferedFrom(depth: () => number): void {
    this.buffered = depth;
  }
}
