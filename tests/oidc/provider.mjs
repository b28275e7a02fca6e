// Two real OpenID providers in one process, for tests: their clients are the Nhịp at `home`. Prints one line of JSON when they
// listen.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const { modules, home, secret } = JSON.parse(process.argv[2]);
const { default: Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`).href);

function key(kid, kind, options) {
  return { ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }), kid, use: 'sig' };
}

const jwks = () => ({
  keys: [
    { ...key('rsa', 'rsa', { modulusLength: 2048 }), alg: 'RS256' },
    { ...key('ec', 'ec', { namedCurve: 'P-256' }), alg: 'ES256' },
  ],
});

function client(name, more) {
  return {
    client_id: 'nhip',
    redirect_uris: [`${home}/openid/${name}/callback`],
    post_logout_redirect_uris: [`${home}/signin`],
    backchannel_logout_uri: `${home}/openid/${name}/backchannel`,
    backchannel_logout_session_required: true,
    grant_types: ['authorization_code'],
    response_types: ['code'],
    ...more,
  };
}

function configured(issuer, name, more) {
  return new Provider(issuer, {
    clients: [client(name, more)],
    jwks: jwks(),
    cookies: { keys: ['only for tests'] },
    acrValues: ['silver', 'gold'],
    claims: { openid: ['sub', 'acr', 'amr', 'auth_time'], profile: ['name', 'citizen_id'], email: ['email', 'email_verified'] },
    conformIdTokenClaims: false,
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'ES256'] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: (ctx, form) => {
          ctx.body = `<!doctype html><html lang="en"><title>Provider</title><h1>Provider: logout</h1>${form}
            <button form="op.logoutForm" name="logout" value="yes">Yes, sign me out</button></html>`;
        },
        postLogoutSuccessSource: (ctx) => {
          ctx.body = '<!doctype html><html lang="en"><title>Provider</title><h1>Sign-out Success</h1></html>';
        },
      },
    },
    // without its guard against private addresses: the Nhịp of the tests is on this machine
    fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
    findAccount: (_ctx, id) => ({ accountId: id, claims: () => person(id) }),
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
  });
}

function person(id) {
  return { sub: id, name: `Người dùng ${id}`, email: `${id}@example.vn`, email_verified: true, citizen_id: '048090123456' };
}

async function body(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return new URLSearchParams(Buffer.concat(parts).toString());
}

// the sign-in page: a name, and whether a second factor was used
const page = (uid, prompt) => `<!doctype html><html lang="en"><title>Provider</title><h1>Provider: ${prompt}</h1>
<form method="post" action="/interaction/${uid}"><label>Login <input name="login" value=""></label>
<label><input type="checkbox" name="gold"> second factor</label><button>Go on</button>
<button name="cancel" value="1">Cancel</button></form></html>`;

async function interact(provider, request, response) {
  const { uid, prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'consent') {
    const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
    grant.addOIDCScope(params.scope);
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    return response.end(page(uid, prompt.name));
  }
  const form = await body(request);
  const result = form.get('cancel')
    ? { error: 'access_denied', error_description: 'cancelled' }
    : { login: { accountId: form.get('login'), acr: form.get('gold') ? 'gold' : 'silver', amr: ['pwd'], remember: true } };
  return provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
}

async function listen(name, more) {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = configured(issuer, name, more);
  provider.on('backchannel.error', (_ctx, error) => console.error('backchannel', error.message, error.response?.body));
  provider.on('server_error', (_ctx, error) => console.error(error));
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return callback(request, response);
    return interact(provider, request, response).catch((error) => {
      response.statusCode = 500;
      response.end(error.message);
    });
  });
  return issuer;
}

const plain = await listen('real', { client_secret: secret, token_endpoint_auth_method: 'client_secret_basic' });
const signing = await listen('signing', {
  token_endpoint_auth_method: 'private_key_jwt',
  token_endpoint_auth_signing_alg: 'ES256',
  jwks_uri: `${home}/openid/signing/jwks.json`,
  id_token_signed_response_alg: 'ES256',
});
console.log(JSON.stringify({ plain, signing }));
