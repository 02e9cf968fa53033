import type { Readable } from 'node:stream';

const MAX_CHARS = 4_096;
const REPORTED_LINES = 3;

/** Keeps the end of what a process printed, for the report of how it ended. */
export class OutputTail {
  private text = '';

  follow(stream: Readable): void {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      this.text = (this.text + text).slice(-MAX_CHARS);
    });
    // The stream of a killed process may break; its end is reported by the process itself.
    stream.on('error', () => undefined);
  }

  lastLines(): string {
    const lines = this.text.split('\n').map((line) => line.trim());
    return lines
      .filter((line) => line !== '')
      .slice(-REPORTED_LINES)
      .join(' | ');
  }
}
