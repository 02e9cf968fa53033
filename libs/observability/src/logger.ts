import { pino } from 'pino';
import type { DestinationStream, Level, Logger as PinoLogger } from 'pino';
import { PrettyLines } from './pretty-lines.js';

export type Logger = PinoLogger;

export interface LoggerOptions {
  /** The least severe level written. */
  readonly level: Level | 'silent';
  /** One coloured line an entry, for people; JSON otherwise. */
  readonly pretty?: boolean;
  /** Where lines go; standard output by default. */
  readonly destination?: DestinationStream;
}

/**
 * Keys whose values never reach a log, at the top of an entry or one or two
 * objects below: secrets, and everything that may hold words about a patient.
 */
const SECRET_KEYS = [
  'authorization',
  'x-api-key',
  'cookie',
  'apiKey',
  'api_key',
  'password',
  'text',
  'sentence',
  'sentences',
  'inputs',
  'entity',
  'body',
];

/** The process's logger: one JSON object a line, `time` in ISO 8601, `level` as a word. */
export function createLogger(options: LoggerOptions): Logger {
  const sink =
    options.destination ??
    // Lines leave outside the request; what is left is flushed when the process exits.
    pino.destination({ fd: 1, sync: options.pretty ?? false });
  return pino(
    {
      level: options.level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`, `*.*["${key}"]`]),
        censor: '[redacted]',
      },
    },
    options.pretty ? new PrettyLines(sink) : sink,
  );
}
