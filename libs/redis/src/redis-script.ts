import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script that the server keeps; sent in full only to a server that does not know it. */
export class RedisScript {
  private readonly digest: string;

  constructor(private readonly source: string) {
    this.digest = createHash('sha1').update(source).digest('hex');
  }

  /** Spares the first runs to send it; a server that is away is sent it then. */
  async prepare(client: Redis): Promise<void> {
    await client.script('LOAD', this.source).catch(() => undefined);
  }

  /** @returns what the script returned */
  run(
    client: Redis,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    return client.evalsha(this.digest, keys.length, ...keys, ...args).catch((error: unknown) => {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return client.eval(this.source, keys.length, ...keys, ...args);
    });
  }
}
