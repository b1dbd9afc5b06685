/** Claims as people type them: `plan=pro` for text, `seats:=3` for any JSON. */

export type Claims = Readonly<Record<string, unknown>>;

export type ClaimsReading =
  | { readonly ok: true; readonly claims: Claims }
  | { readonly ok: false; readonly problem: string };

const ITEM = /^([^=]+?)(:?=)(.*)$/s;
/** What a shell passes on as it stands, in the middle of a word. */
const PLAIN = /^[A-Za-z0-9_=:@.,/+-]+$/;

/** Reads one claim from each text. Never throws. */
export function readClaimItems(items: readonly string[]): ClaimsReading {
  const claims = new Map<string, unknown>();
  for (const item of items) {
    const [, name = '', sign = '', text = ''] = ITEM.exec(item) ?? [];
    if (name === '') {
      const problem = `"${item}" is no claim; write plan=pro, or seats:=3 for a value in JSON`;
      return { ok: false, problem };
    }
    const value = sign === '=' ? { value: text } : parseJson(text);
    if (value === undefined) {
      const problem = `the value of "${name}" is no JSON; write ${name}=text for a text`;
      return { ok: false, problem };
    }
    claims.set(name, value.value);
  }
  return { ok: true, claims: Object.fromEntries(claims) };
}

/** The items that `readClaimItems` reads as these claims, each ready for a shell. */
export function formatClaimItems(claims: Claims): readonly string[] {
  return Object.entries(claims).map(([name, value]) =>
    quote(typeof value === 'string' ? `${name}=${value}` : `${name}:=${JSON.stringify(value)}`),
  );
}

/** One word of bash, zsh and dash. */
export function quote(text: string): string {
  return PLAIN.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
