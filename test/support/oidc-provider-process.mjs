// An OpenID provider on loopback, from a library of its own; prints its issuer. Whoever comes is
// signed in at once as the account in the header X-Account: `subject|group,group|email|verified`.
// REDIRECT_URI is the one callback it knows, PORT (optional) its port.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const server = createServer();
await new Promise((resolve) => server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

/** What is known of each subject since their last visit. */
const known = new Map();

function remember(account) {
  const [sub, groups = '', email = '', verified = ''] = account.split('|');
  known.set(sub, {
    sub,
    preferred_username: sub.toUpperCase(),
    groups: groups.split(','),
    email,
    email_verified: verified === 'verified',
  });
  return sub;
}

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'clinserve',
      client_secret: 'the secret of the client: +/%',
      redirect_uris: [process.env.REDIRECT_URI],
    },
  ],
  claims: {
    openid: ['sub'],
    profile: ['preferred_username'],
    email: ['email', 'email_verified'],
    groups: ['groups'],
  },
  scopes: ['openid', 'profile', 'email', 'groups'],
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => known.get(sub) }),
  features: { devInteractions: { enabled: false } },
  interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
  cookies: { keys: ['signs the cookies of the provider'] },
  loadExistingGrant: async (context) => {
    const { oidc } = context;
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile email groups');
    await grant.save();
    return grant;
  },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600 },
});

const answer = provider.callback();
server.on('request', (request, response) => {
  if (!request.url.startsWith('/interaction/')) return answer(request, response);
  const login = { accountId: remember(request.headers['x-account']) };
  return provider.interactionFinished(request, response, { login });
});
console.log(issuer);
