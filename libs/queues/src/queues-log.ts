/** What this lib tells the operator through; a pino logger is one. */
export interface QueuesLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}
