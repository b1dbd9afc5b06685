/** Takes the first step of the pipeline, the checks of the subject token, with a line for each of them. */
import type { Config, TrustedIssuer } from '../config/config.ts';
import type { JsonObject } from '../lib/strict-json.ts';
import type { SubjectToken, VerifySubjectToken } from '../ports.ts';
import { RefusalError } from '../refusal.ts';
import { checkUnverified, type UnverifiedCheck } from '../subject-token/check-unverified.ts';
import { checkClaims } from '../subject-token/claims.ts';
import { createUntrustedIssuer } from '../subject-token/untrusted-issuer.ts';
import type { Check } from './explanation.ts';
import { showInstant, showText, showValue } from './show-value.ts';

export type TokenInput =
  | {
      readonly kind: 'token';
      readonly compactJws: string;
      /** Checks the signature with the issuer's keys. Absent: it is not checked. */
      readonly verify?: VerifySubjectToken;
    }
  | { readonly kind: 'claims'; readonly claims: JsonObject; readonly issuer: TrustedIssuer };

export interface CheckedToken {
  readonly checks: readonly Check[];
  /** Absent: a check refuses. */
  readonly token?: SubjectToken;
  readonly refusal?: RefusalError;
}

/**
 * Checks as the broker does, in its order, and ends at the first check that refuses. A token without
 * `verify` is read without its signature, so the result says nothing about who made it.
 */
export async function checkToken(
  input: TokenInput,
  config: Config,
  nowMs: number,
): Promise<CheckedToken> {
  const checks: Check[] = [];
  let current: Check = { step: 'form', result: 'refuses', saw: '' };
  const begin = (step: Check['step'], saw: string) => {
    current = { step, result: 'refuses', saw };
  };
  const holds = (result: Check['result'] = 'holds') => checks.push({ ...current, result });
  try {
    if (input.kind === 'claims') {
      begin('issuer', describeIssuer(input.issuer));
      holds();
      begin('signature', 'these are claims, and no token');
      holds('not checked');
      begin('claims', describeClaims(input.claims));
      const token = toToken(input.issuer, input.claims, nowMs);
      holds();
      return { checks, token };
    }
    const { jws, known, wanted } = checkUnverified(
      input.compactJws,
      (iss) => findIssuer(iss, config),
      (check) => {
        // the checks before it held
        if (check.step === 'header') begin('issuer', describeIssuer(check.issuer));
        if (check.step !== 'form') holds();
        begin(check.step, describeCheck(check, input.compactJws));
      },
    );
    holds();
    const { issuer } = known;
    if (input.verify === undefined) {
      begin(
        'signature',
        'not verified, so anybody may have made this token; --verify asks the issuer',
      );
      holds('not checked');
      begin('claims', '');
      const claims = jws.readClaims();
      begin('claims', describeClaims(claims));
      const token = toToken(issuer, claims, nowMs, wanted.keyId);
      holds();
      return { checks, token };
    }
    begin('signature', "checked with the issuer's keys");
    const { token, refusal } = await input.verify(input.compactJws).then(
      (verified) => ({ token: verified, refusal: undefined }),
      (error: unknown) => ({ token: undefined, refusal: error }),
    );
    if (refusal instanceof RefusalError && isAboutSignature(refusal)) throw refusal;
    if (refusal !== undefined && !(refusal instanceof RefusalError)) throw refusal;
    holds();
    begin('claims', describeClaims(jws.readClaims()));
    if (refusal !== undefined) throw refusal;
    holds();
    return { checks, ...(token === undefined ? {} : { token }) };
  } catch (error) {
    if (!(error instanceof RefusalError)) throw error;
    return { checks: [...checks, current], refusal: error };
  }
}

function isAboutSignature({ refusal: { reason } }: RefusalError): boolean {
  return ['key_unknown', 'signature_invalid', 'issuer_keys_unavailable'].includes(reason);
}

/** The issuer whose `iss` is exactly this, as verification looks it up. Throws `issuer_untrusted`. */
function findIssuer(iss: unknown, { issuers }: Config): { readonly issuer: TrustedIssuer } {
  const found = issuers.find(({ issuer }) => issuer === iss);
  if (found !== undefined) return { issuer: found };
  throw createUntrustedIssuer(issuers)(iss);
}

function describeIssuer({ issuer, name }: TrustedIssuer): string {
  return `${showText(issuer)} is issuer "${name}"`;
}

function describeCheck(check: UnverifiedCheck, compactJws: string): string {
  switch (check.step) {
    case 'form':
      return `${compactJws.length} characters`;
    case 'issuer':
      return showValue(check.jws.claimedIssuer);
    case 'header': {
      const { alg, typ, kid } = check.jws.header;
      return `alg ${showValue(alg)}, typ ${showValue(typ)}, kid ${showValue(kid)}`;
    }
  }
}

function toToken(
  issuer: TrustedIssuer,
  claims: JsonObject,
  nowMs: number,
  keyId?: string,
): SubjectToken {
  const checked = checkClaims(claims, issuer, nowMs);
  return { issuer, claims, ...checked, ...(keyId === undefined ? {} : { keyId }) };
}

function describeClaims(claims: JsonObject): string {
  const times = ['iat', 'nbf', 'exp'].flatMap((name) =>
    name in claims ? [`${name} ${showInstant(claims[name])}`] : [],
  );
  const texts = ['sub', 'aud', 'jti'].flatMap((name) =>
    name in claims ? [`${name} ${showValue(claims[name])}`] : [],
  );
  return [...texts, ...times].join(', ');
}
