import { pino } from 'pino';
import type { DestinationStream, Level, Logger as PinoLogger } from 'pino';
import { EntryMask } from './masking/mask-entry.js';
import { PrettyLines } from './pretty-lines.js';

export type Logger = PinoLogger;

export interface LoggerOptions {
  /** The least severe level written. */
  readonly level: Level | 'silent';
  /** One coloured line an entry, for people; JSON otherwise. */
  readonly pretty?: boolean;
  /** Also masks IP addresses. Default false. */
  readonly maskAddresses?: boolean;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * The process's logger: one JSON object a line, `time` in ISO 8601, `level` as
 * a word. Every line is masked as it is written, whatever was passed and by
 * whichever child logger: see `EntryMask`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const sink =
    options.destination ??
    // Lines leave outside the request; what is left is flushed when the process exits.
    pino.destination({ fd: 1, sync: options.pretty ?? false });
  const mask = new EntryMask({ addresses: options.maskAddresses ?? false });
  return pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: (line) => mask.line(line) },
    },
    options.pretty ? new PrettyLines(sink) : sink,
  );
}
