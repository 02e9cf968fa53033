export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** Reads text/event-stream as it arrives. */
export class ServerEventReader {
  private rest = '';
  private id = '';
  private event = '';
  private data: string[] = [];

  /** The events that end in this text. */
  *push(text: string): Generator<ServerEvent> {
    const lines = (this.rest + text).split(/\r?\n/);
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (this.data.length > 0) yield this.take();
        this.event = '';
      } else this.field(line);
    }
  }

  private take(): ServerEvent {
    const data = this.data.join('\n');
    this.data = [];
    return { id: this.id, event: this.event, data };
  }

  private field(line: string): void {
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (name === 'id') this.id = value;
    else if (name === 'event') this.event = value;
    else if (name === 'data') this.data.push(value);
  }
}
