/** Reads what a mail tells out of a stored payload; what is not there is an empty text or null. */
export class PayloadReader {
  constructor(private readonly payload: unknown) {}

  text(name: string): string {
    const value = this.value(name);
    return typeof value === 'string' ? value : '';
  }

  number(name: string): number | null {
    const value = this.value(name);
    return typeof value === 'number' ? value : null;
  }

  part(name: string): PayloadReader {
    return new PayloadReader(this.value(name));
  }

  private value(name: string): unknown {
    const { payload } = this;
    if (typeof payload !== 'object' || payload === null || !Object.hasOwn(payload, name)) {
      return undefined;
    }
    return (payload as Readonly<Record<string, unknown>>)[name];
  }
}
