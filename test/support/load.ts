import { Agent, request } from 'undici';

export interface Answer {
  readonly status: number;
  readonly body: { label?: string; probabilities?: Record<string, number>; error_code?: string };
}

/** A closed loop of clients that post bodies until told to stop; every outcome is kept. */
export class Load {
  readonly answers: Answer[] = [];
  /** Requests that got no HTTP answer. */
  readonly broken: Error[] = [];
  private readonly agent: Agent;
  private running = true;
  private readonly clients: Promise<void>[];

  constructor(
    private readonly url: string,
    private readonly body: (n: number) => string,
    clients: number,
  ) {
    this.agent = new Agent({ connections: clients });
    let n = 0;
    this.clients = Array.from({ length: clients }, async () => {
      while (this.running) await this.ask(n++);
    });
  }

  /** No request is sent after this; resolves when the last has ended. */
  async stop(): Promise<void> {
    this.running = false;
    await Promise.all(this.clients);
    await this.agent.close();
  }

  private async ask(n: number): Promise<void> {
    try {
      const response = await request(this.url, {
        method: 'POST',
        dispatcher: this.agent,
        headers: { 'content-type': 'application/json' },
        body: this.body(n),
        headersTimeout: 35_000,
      });
      const body = (await response.body.json()) as Answer['body'];
      this.answers.push({ status: response.statusCode, body });
    } catch (error) {
      this.broken.push(error as Error);
      // A closed port answers at once: do not spin on it.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
