import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = path.join(process.cwd(), 'test/support/oidc-provider-process.mjs');
export const CLIENT = { clientId: 'clinserve', clientSecret: 'the secret of the client: +/%' };

export interface TestProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

/** A real OpenID provider in a process of its own. */
export async function startProvider(redirectUri: string, port?: number): Promise<TestProvider> {
  const child = spawn(process.execPath, [SCRIPT], {
    env: {
      PATH: process.env.PATH,
      REDIRECT_URI: redirectUri,
      ...(port === undefined ? {} : { PORT: String(port) }),
    },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [issuer] = (await once(createInterface(child.stdout), 'line')) as [string];
  const stop = async () => {
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  };
  return { issuer, stop };
}

/**
 * What a browser does that is sent to the provider, until it is sent back.
 * @param account whom the provider lets in: `subject|group,group|email|verified`
 * @returns the address of ours that the provider sends it to
 */
export async function visitProvider(url: string, account: string): Promise<URL> {
  const { origin } = new URL(url);
  const jar = new Map<string, string>();
  let next = new URL(url);
  for (let hops = 0; hops < 10; hops++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(next, {
      redirect: 'manual',
      headers: { cookie, 'x-account': account },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]!.split('=', 2);
      jar.set(name, value);
    }
    const location = response.headers.get('location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    next = new URL(location, next);
    if (next.origin !== origin) return next;
  }
  throw new Error('the provider sent the browser round in circles');
}
