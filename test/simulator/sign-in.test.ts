/** A page of an allowed origin signs in at the stand-in of its issuer, and uploads: in a real Chromium. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { decodeJwt } from 'jose';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, startBrowser } from '../support/browser.ts';
import { freePort } from '../support/bundle.ts';
import { type RunningDev, startDev } from '../support/dev.ts';

const SDK = readFileSync(
  new URL('../../node_modules/ali-oss/dist/aliyun-oss-sdk.min.js', import.meta.url),
);

/** What a client library for OpenID Connect does: an authorization code with PKCE (RFC 7636). */
const PAGE = `<!doctype html>
<script src="/ali-oss.js"></script>
<script>
  const encode = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/[+]/g, '-').replace(/[/]/g, '_').replace(/=/g, '');
  const discover = async (issuer) =>
    (await fetch(issuer + '/.well-known/openid-configuration')).json();

  async function signIn(issuer) {
    const { authorization_endpoint } = await discover(issuer);
    const verifier = encode(crypto.getRandomValues(new Uint8Array(32)));
    sessionStorage.setItem('verifier', verifier);
    const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
    location.href = authorization_endpoint + '?' + new URLSearchParams({
      client_id: 'page', response_type: 'code', scope: 'openid', state: 'of-the-page',
      redirect_uri: location.origin + '/signed-in',
      code_challenge: encode(hash), code_challenge_method: 'S256',
    });
  }

  async function redeem(issuer) {
    const { token_endpoint } = await discover(issuer);
    const response = await fetch(token_endpoint, { method: 'POST', body: new URLSearchParams({
      client_id: 'page', grant_type: 'authorization_code',
      code: new URLSearchParams(location.search).get('code'),
      redirect_uri: location.origin + '/signed-in',
      code_verifier: sessionStorage.getItem('verifier'),
    }) });
    return (await response.json()).access_token;
  }

  async function upload(broker, token, key) {
    const response = await fetch(broker + '/v1/credentials', {
      headers: { Authorization: 'Bearer ' + token },
    });
    const answer = await response.json();
    if (!response.ok) return answer.code;
    const client = new OSS({
      accessKeyId: answer.AccessKeyId, accessKeySecret: answer.AccessKeySecret,
      stsToken: answer.SecurityToken, authorizationV4: true, bucket: 'app-media',
      region: 'oss-' + answer.Grant.Targets[0].Region, endpoint: answer.Grant.Targets[0].Endpoint,
    });
    return client.put(key, new Blob(['hello'])).then(() => 'uploaded', (error) => error.code);
  }
</script>`;

let dev: RunningDev;
let pages: Server;
let browser: Browser;
let origin = '';

describeInBrowser('a page that signs in at a simulated issuer', () => {
  beforeAll(async () => {
    pages = createServer((request, response) => {
      const isSdk = request.url === '/ali-oss.js';
      response.setHeader('content-type', isSdk ? 'text/javascript' : 'text/html');
      response.end(isSdk ? SDK : PAGE);
    });
    const port = await freePort();
    await new Promise<void>((resolve) => pages.listen(port, '127.0.0.1', resolve));
    origin = `http://localhost:${port}`;
    dev = await startDev(['examples/auth0-app.yaml', '--origin', origin]);
    browser = await startBrowser();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    await dev?.close();
    pages?.close();
  });

  const issuer = () => `${dev.issuersUrl}/auth0`;

  /** A page in a profile of its own, at the form of the issuer. */
  async function openForm(from = origin): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(from);
    await page.evaluate(`signIn(${JSON.stringify(issuer())})`);
    await page.waitForURL((url) => url.href.startsWith(dev.issuersUrl));
    return page;
  }

  async function signIn(claims: string): Promise<Page> {
    const page = await openForm();
    await page.getByLabel('Claims').fill(claims);
    await page.getByRole('button').click();
    await page.waitForURL(/code=/);
    return page;
  }

  it('uploads with the token that it gets, below the prefix of whoever signed in', async () => {
    const page = await signIn('sub=auth0|42\npermissions:=["upload:files"]');
    const token = await page.evaluate<string>(`redeem(${JSON.stringify(issuer())})`);
    const upload = (key: string) =>
      page.evaluate<string>(
        `upload(${JSON.stringify(dev.brokerUrl)}, ${JSON.stringify(token)}, ${JSON.stringify(key)})`,
      );

    expect(new URL(page.url()).searchParams.get('state')).toBe('of-the-page');
    expect(decodeJwt(token)).toMatchObject({
      iss: 'https://your-tenant.eu.auth0.com/',
      aud: 'https://files.example.com',
      sub: 'auth0|42',
    });
    expect(await upload('users/auth0|42/note.txt')).toBe('uploaded');
    expect(await upload('users/auth0|43/note.txt')).toBe('AccessDenied');
  });

  it('gets no credential without the permission', async () => {
    const page = await signIn('sub=auth0|42');
    const token = await page.evaluate<string>(`redeem(${JSON.stringify(issuer())})`);

    expect(
      await page.evaluate(
        `upload(${JSON.stringify(dev.brokerUrl)}, ${JSON.stringify(token)}, 'users/auth0|42/x')`,
      ),
    ).toBe('no_grant');
  });

  it('is told at the form what is no claim', async () => {
    const page = await openForm();
    await page.getByLabel('Claims').fill('plan');
    await page.getByRole('button').click();

    expect(await page.getByRole('alert').textContent()).toContain('"plan" is no claim');
  });

  it('cannot sign in from an origin that is not listed', async () => {
    const { port } = new URL(origin);
    const stranger = `http://127.0.0.1:${port}`;
    const page = await openForm(stranger);

    expect(await page.textContent('body')).toContain('redirect_uri');
    await page.goto(stranger);
    expect(
      await page.evaluate(
        `fetch(${JSON.stringify(`${issuer()}/token`)}, { method: 'POST', body: new URLSearchParams({ client_id: 'page' }) })
          .then(() => 'read', () => 'kept from reading')`,
      ),
    ).toBe('kept from reading');
  });
});
