import { Injectable } from '@nestjs/common';
import type { CancelSignal } from '@app/common';

/** Answers that go on until something happens: who closes the server has to end them. */
@Injectable()
export class OpenStreams {
  private readonly open = new Set<AbortController>();
  private ended = false;

  /** @returns what aborts when the client leaves or the service ends; `close` it when the answer is out */
  start(client: CancelSignal): { readonly signal: AbortSignal; close(): void } {
    const controller = new AbortController();
    const abort = () => controller.abort();
    client.addEventListener('abort', abort);
    this.open.add(controller);
    if (client.aborted || this.ended) abort();
    return {
      signal: controller.signal,
      close: () => {
        client.removeEventListener('abort', abort);
        this.open.delete(controller);
      },
    };
  }

  get count(): number {
    return this.open.size;
  }

  /** Ends all of them, and those that are still begun. */
  end(): void {
    this.ended = true;
    for (const controller of this.open) controller.abort();
  }
}
