/**
 * Makes the code caches of a bundle: starts the broker in the given folder, sends it a few requests,
 * and writes the code that V8 has compiled by then. Run it with the Node that will use the caches.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { CACHE_SUFFIX, createBundledScripts } from './bundled-script.ts';

const [, , folder = '', portText = ''] = process.argv;
// read back from PEM, since Node 20 can hang when it exports a key that it has just generated
const { privateKey: pem } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const privateKey = createPrivateKey(pem);
const key = { ...createPublicKey(pem).export({ format: 'jwk' }), kid: 'key', alg: 'ES256' };

// nothing listens on this STS endpoint, so the SDK is used until it tries to connect
const config = `
region: cn-hangzhou
sts: { endpoint: "http://127.0.0.1:1" }
buckets: { bucket: { region: cn-hangzhou } }
issuers:
  - name: app
    issuer: https://issuer.example.com/
    audiences: [broker]
    jwks: ${JSON.stringify({ keys: [key] })}
    attributes: { user: { claim: sub } }
grants:
  - name: grant
    issuer: app
    role: acs:ram::123456789012:role/role
    allow: [{ target: "oss://bucket/{user}/", permissions: [read, write, list] }]
`;
Object.assign(process.env, {
  BROKER_CONFIG_YAML: config,
  PORT: portText,
  HOST: '127.0.0.1',
  ALIBABA_CLOUD_ACCESS_KEY_ID: 'none',
  ALIBABA_CLOUD_ACCESS_KEY_SECRET: 'none',
});

const bundle = createBundledScripts(folder);
bundle.load('broker.cjs');
while (!(await ask('/health'))) await new Promise((resolve) => setTimeout(resolve, 20));
await ask('/v1/credentials');
await ask('/v1/credentials', signToken());
for (const [name, script] of bundle.scripts) {
  writeFileSync(join(folder, `${name}${CACHE_SUFFIX}`), script.createCachedData());
}
process.exit(0);

/** Sends a request and resolves to whether there was any answer. */
function ask(path: string, token = 'none'): Promise<boolean> {
  return new Promise((resolve) => {
    const headers = { Authorization: `Bearer ${token}` };
    const sent = request(
      { host: '127.0.0.1', port: Number(portText), path, headers },
      (response) => {
        response.resume();
        response.once('end', () => resolve(true));
      },
    );
    sent.once('error', () => resolve(false));
    sent.end();
  });
}

function signToken(): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const header = { alg: 'ES256', kid: 'key', typ: 'JWT' };
  const claims = {
    iss: 'https://issuer.example.com/',
    aud: 'broker',
    sub: 'user',
    iat: nowSeconds,
    exp: nowSeconds + 3600,
  };
  const content = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const signature = sign('sha256', Buffer.from(content), {
    key: privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  return `${content}.${signature.toString('base64url')}`;
}
