import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWTPayload } from 'jose';

/** What the token endpoint is to answer next. */
export interface NextAnswer {
  readonly claims: JWTPayload;
  /** Signs with a key that the issuer does not publish. */
  readonly foreignKey?: boolean;
  readonly userInfo?: object;
}

/** An issuer that says whatever a test tells it to say. */
export class FakeIssuer {
  next: NextAnswer = { claims: {} };
  /** Instead of any answer: this status for everything. */
  broken: number | null = null;
  private foreignKey!: CryptoKey;

  private constructor(
    readonly issuer: string,
    private readonly key: CryptoKey,
    readonly close: () => Promise<void>,
  ) {}

  static async start(): Promise<FakeIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
    const server = createServer((request, response) => {
      void fake.answer(request.url ?? '', jwk, response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const close = () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    const fake = new FakeIssuer(issuer, privateKey, close);
    fake.foreignKey = (await generateKeyPair('RS256')).privateKey;
    return fake;
  }

  private async answer(url: string, jwk: object, response: ServerResponse): Promise<void> {
    const { issuer } = this;
    if (this.broken !== null) {
      response.writeHead(this.broken, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>');
      return;
    }
    const answers: Record<string, () => object | Promise<object>> = {
      '/.well-known/openid-configuration': () => ({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        userinfo_endpoint: `${issuer}/userinfo`,
        id_token_signing_alg_values_supported: ['RS256'],
        token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
      }),
      '/jwks': () => ({ keys: [jwk] }),
      '/token': async () => ({
        access_token: 'opaque',
        token_type: 'Bearer',
        id_token: await new SignJWT(this.next.claims)
          .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
          .sign(this.next.foreignKey === true ? this.foreignKey : this.key),
      }),
      '/userinfo': () => this.next.userInfo ?? {},
    };
    const body = await answers[url]?.();
    response.writeHead(body === undefined ? 404 : 200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  }
}
