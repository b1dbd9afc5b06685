/** Takes parameters of the form application/x-www-form-urlencoded apart, strictly. */
import { malformed } from './request-members.ts';

/** Names and values in the order in which they were sent. A name may be repeated. */
export type Form = readonly (readonly [name: string, value: string])[];

/**
 * Parses a body, or a query (https://url.spec.whatwg.org/#urlencoded-parsing). Other parsers replace
 * what they cannot decode, and two of them may then read different values. So invalid UTF-8 and escapes
 * are refused. Throws `request_malformed`.
 */
export function parseForm(bytes: Buffer): Form {
  if (bytes.length === 0) return [];
  if (bytes.some((byte) => byte > 0x7f)) throw malformed('the parameters are not ASCII');
  return bytes
    .toString('latin1')
    .split('&')
    .map((pair) => {
      const at = pair.indexOf('=');
      if (at === -1) throw malformed('a parameter has no value');
      return [decode(pair.slice(0, at)), decode(pair.slice(at + 1))] as const;
    });
}

/**
 * The value of a parameter, or undefined. Throws `request_malformed` for one that was sent twice: for
 * a proxy in front, it could be the other one.
 */
export function readOnce(form: Form, name: string): string | undefined {
  const [first, ...others] = form.filter(([sent]) => sent === name);
  if (others.length > 0) throw malformed('a parameter is repeated', name);
  return first?.[1];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed('a parameter has an invalid escape');
  }
}
