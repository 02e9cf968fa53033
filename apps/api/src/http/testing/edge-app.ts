import { connect } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import type { DynamicModule, INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Principal } from '@app/auth';
import { DomainError } from '@app/common';
import { LeanExpressAdapter } from '../adapter/lean-express.adapter.js';
import type { LeanExpressOptions } from '../adapter/lean-express.adapter.js';
import { applyEdge } from '../apply-edge.js';
import type { Edge, EdgeOptions } from '../apply-edge.js';
import type { FailureRecord } from '../filters/problem.filter.js';
import type { AccessOptions, Identification } from '../guards/access.guard.js';
import type { FinishedRequest, RequestScopeOptions } from '../middleware/request-opener.js';

export interface EdgeApp {
  readonly app: INestApplication;
  readonly edge: Edge;
  readonly port: number;
  readonly url: string;
  readonly failures: FailureRecord[];
  readonly finished: FinishedRequest[];
  close(): Promise<void>;
}

/** No credential means anything. */
const nobody: Identification = {
  recognises: () => false,
  identify: () => {
    throw new DomainError('UNAUTHENTICATED', 'The key is not valid.');
  },
};

/** Knows these keys and no others. */
export function keyHolders(keys: Readonly<Record<string, Principal>>): Identification {
  return {
    recognises: () => true,
    identify: (credential) => keys[credential] ?? nobody.identify(credential),
  };
}

/** A real server on a free port with these controllers behind the whole edge. */
export async function startEdgeApp(
  controllers: Type<unknown>[],
  options: {
    readonly server?: LeanExpressOptions;
    readonly access?: Partial<AccessOptions>;
    readonly requests?: RequestScopeOptions;
    readonly redocBundle?: string;
    readonly imports?: DynamicModule[];
    readonly http?: EdgeOptions['http'];
    readonly shed?: EdgeOptions['shed'];
  } = {},
): Promise<EdgeApp> {
  const { imports } = options;
  const testModule = { module: class TestModule extends Object {}, controllers, imports };
  const app = await NestFactory.create(testModule, new LeanExpressAdapter(options.server), {
    logger: false,
    abortOnError: false,
  });
  const failures: FailureRecord[] = [];
  const finished: FinishedRequest[] = [];
  const edge = applyEdge(app, {
    access: { requireApiKey: false, loopback: true, identification: nobody, ...options.access },
    openApi: { version: '1.2.3', redocBundle: options.redocBundle },
    log: (record) => failures.push(record),
    http: options.http,
    shed: options.shed,
    requests: { onFinish: (request) => finished.push(request), ...options.requests },
  });
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  const scheme = options.server?.tls === undefined ? 'http' : 'https';
  return {
    app,
    edge,
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    failures,
    finished,
    close: async () => {
      edge.cutConnections();
      await app.close();
    },
  };
}

/** Sends raw bytes on one connection and gives all that came back until it closed. */
export function exchangeRaw(port: number, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => (received += chunk));
    socket.on('close', () => resolve(received));
    socket.on('error', reject);
    for (const part of parts) socket.write(part);
  });
}

/** Waits until `condition` holds; fails after two seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('The condition did not come true');
}
