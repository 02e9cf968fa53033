import type { DestinationStream } from 'pino';

const COLOURS: Readonly<Record<string, string>> = {
  fatal: '\x1b[31m',
  error: '\x1b[31m',
  warn: '\x1b[33m',
  info: '\x1b[32m',
};
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';

interface Entry {
  readonly time: string;
  readonly level: string;
  readonly msg?: string;
  readonly context?: string;
  readonly err?: { readonly stack?: string };
}

/** Turns JSON entries into lines for a person at a terminal. */
export class PrettyLines implements DestinationStream {
  constructor(private readonly sink: DestinationStream) {}

  write(json: string): void {
    const {
      time,
      level,
      msg,
      context,
      err,
      pid: _pid,
      ...rest
    } = JSON.parse(json) as Entry & {
      readonly pid?: number;
    };
    const parts = [
      `${DIM}${time.slice(11, 23)}${RESET}`,
      `${COLOURS[level] ?? DIM}${level.padEnd(5)}${RESET}`,
      context === undefined ? '' : `${DIM}${context}:${RESET}`,
      msg ?? '',
      Object.keys(rest).length === 0 ? '' : `${DIM}${JSON.stringify(rest)}${RESET}`,
    ];
    const line = parts.filter((part) => part !== '').join(' ');
    this.sink.write(err?.stack === undefined ? `${line}\n` : `${line}\n${err.stack}\n`);
  }
}
