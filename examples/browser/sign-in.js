// An authorization code with PKCE (RFC 7636). Use the library of your issuer if it has one.
import { CLIENT_ID, ISSUER } from './config.js';

const REDIRECT_URI = location.origin + location.pathname;

const toText = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=/g, '');
const random = () => toText(crypto.getRandomValues(new Uint8Array(32)));
const discover = async () => (await fetch(`${ISSUER}/.well-known/openid-configuration`)).json();

let signedIn; // in memory only: what is stored in the browser can be stolen

/** Leads to the issuer. */
export async function signIn() {
  const [state, verifier] = [random(), random()];
  sessionStorage.setItem('sign-in', JSON.stringify({ state, verifier }));
  const challenge = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  const { authorization_endpoint: address } = await discover();
  const query = new URLSearchParams({
    client_id: CLIENT_ID,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid',
    state,
    code_challenge: toText(challenge),
    code_challenge_method: 'S256',
  });
  location.assign(`${address}?${query}`);
}

/** Takes what the issuer sent the browser back with. Resolves to whether somebody is signed in. */
export async function comeBack() {
  const returned = new URLSearchParams(location.search);
  if (!returned.has('state')) return false;
  const begun = JSON.parse(sessionStorage.getItem('sign-in'));
  sessionStorage.removeItem('sign-in');
  history.replaceState(null, '', REDIRECT_URI);
  if (begun?.state !== returned.get('state')) throw new Error('Another page began this sign-in.');
  if (!returned.has('code')) throw new Error(`The issuer says: ${returned.get('error')}`);
  const response = await fetch((await discover()).token_endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      client_id: CLIENT_ID,
      redirect_uri: REDIRECT_URI,
      grant_type: 'authorization_code',
      code: returned.get('code'),
      code_verifier: begun.verifier,
    }),
  });
  if (!response.ok) throw new Error('The issuer gave no token.');
  const { access_token: token, expires_in: seconds } = await response.json();
  signedIn = { token, until: Date.now() + seconds * 1000 };
  return true;
}

/** The subject token. Leads to the issuer if it ends soon. */
export async function getSubjectToken() {
  if (signedIn && Date.now() < signedIn.until - 60_000) return signedIn.token;
  await signIn();
  return new Promise(() => {}); // the browser leaves this page
}
