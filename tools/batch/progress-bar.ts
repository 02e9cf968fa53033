import type { JobProgress } from './follow-job.js';

/** Where the bar is drawn; a terminal, or a log. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 30;
const ERASE_LINE = '\r\u001b[K';
/** Between two lines where nothing can be drawn over. */
const LINE_EVERY_MS = 10_000;

/** One line that changes on a terminal; now and then a line elsewhere. */
export class ProgressBar {
  private drawn = false;
  private lineAt = -Infinity;
  private trouble: string | null = null;
  private last = '';

  constructor(private readonly screen: Screen) {}

  job(progress: JobProgress, queuePosition: number | null): void {
    this.show(describeProgress(progress, queuePosition));
  }

  bytes(what: string, done: number, total: number): void {
    const percent = total === 0 ? 100 : (100 * done) / total;
    this.show(
      `${bar(percent)} ${percent.toFixed(1)} %  ${what} ${megabytes(done)} of ${megabytes(total)} MB`,
    );
  }

  /** What keeps the run from going on; null when it goes on. */
  setTrouble(what: string | null): void {
    if ((what === null) === (this.trouble === null)) return;
    this.trouble = what;
    this.line(what === null ? 'The service is back.' : `Waiting: ${what}.`);
  }

  /** Something to stay on the screen. */
  line(text: string): void {
    this.clear();
    this.screen.write(`${text}\n`);
    if (this.last !== '' && this.screen.isTTY === true) this.draw(this.last);
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.drawn) this.screen.write(ERASE_LINE);
    this.drawn = false;
  }

  end(): void {
    this.clear();
    this.last = '';
  }

  private show(text: string): void {
    this.last = text;
    if (this.screen.isTTY === true) this.draw(text);
    else if (performance.now() - this.lineAt >= LINE_EVERY_MS) {
      this.lineAt = performance.now();
      this.screen.write(`${text}\n`);
    }
  }

  private draw(text: string): void {
    this.screen.write(`${ERASE_LINE}${text.slice(0, (this.screen.columns ?? 80) - 1)}`);
    this.drawn = true;
  }
}

export function describeProgress(progress: JobProgress, queuePosition: number | null): string {
  const { current, total, percent, failed, items_per_second: rate, eta_seconds: eta } = progress;
  const parts = [`${bar(percent)} ${percent.toFixed(1)} %`, `${number(current)}/${number(total)}`];
  if (queuePosition !== null) parts.push(`waiting as number ${queuePosition}`);
  if (rate !== null && rate > 0) parts.push(`${number(Math.round(rate))}/s`);
  if (eta !== null && current < total) parts.push(`${clock(eta)} left`);
  if (failed > 0) parts.push(`${number(failed)} failed`);
  return parts.join('  ');
}

function bar(percent: number): string {
  const filled = Math.min(BAR_WIDTH, Math.floor((percent / 100) * BAR_WIDTH));
  return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}]`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function megabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function clock(seconds: number): string {
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const rest = String(whole % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}
