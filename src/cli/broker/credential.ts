/** The credential that the broker issues, taken from its answer. */
import { isJsonObject, type JsonObject } from '../../lib/strict-json.ts';
import { CliError, EXIT } from '../system/cli-error.ts';

export interface Target {
  /** `oss://bucket/prefix/` or `oss://bucket/key`. */
  readonly target: string;
  readonly region: string;
  readonly endpoint: string;
}

export interface Credential {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken: string;
  /** UTC, whole seconds, `Z`. */
  readonly expiration: string;
  readonly expiresAtMs: number;
  readonly refreshAfterMs: number;
  readonly targets: readonly Target[];
  /** The whole answer. */
  readonly answer: JsonObject;
}

/** Visible ASCII: nothing in it ends a line, a header or a section of a file. */
const KEY_PART = /^[\x21-\x7e]{1,20000}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;
const CONTROL = /\p{Cc}/u;

/** Throws a CliError for an answer that is no credential. It quotes nothing of the answer. */
export function readCredential(answer: JsonObject): Credential {
  const keyPart = (name: string) => readMember(answer, name, KEY_PART);
  const instant = (name: string) => {
    const text = readMember(answer, name, INSTANT);
    const ms = Date.parse(text);
    if (Number.isNaN(ms)) throw unusable(name);
    return { text, ms };
  };
  const expiration = instant('Expiration');
  return {
    accessKeyId: keyPart('AccessKeyId'),
    accessKeySecret: keyPart('AccessKeySecret'),
    securityToken: keyPart('SecurityToken'),
    expiration: expiration.text,
    expiresAtMs: expiration.ms,
    refreshAfterMs: instant('RefreshAfter').ms,
    targets: readTargets(answer['Grant']),
    answer,
  };
}

/** The bucket's region, if all targets are in one; likewise the endpoint; and the target, if it is the only one. */
export function placeOf({ targets }: Credential): Partial<Target> {
  const only = (name: keyof Target) => {
    const [value, another] = new Set(targets.map((target) => target[name]));
    return value === undefined || another !== undefined ? {} : { [name]: value };
  };
  return { ...only('target'), ...only('region'), ...only('endpoint') };
}

function readMember(answer: JsonObject, name: string, form: RegExp): string {
  const value = answer[name];
  if (typeof value !== 'string' || !form.test(value)) throw unusable(name);
  return value;
}

function readTargets(grant: unknown): readonly Target[] {
  const targets = isJsonObject(grant) ? grant['Targets'] : undefined;
  if (!Array.isArray(targets)) throw unusable('Grant');
  return targets.map((one: unknown) => {
    if (!isJsonObject(one)) throw unusable('Grant');
    const text = (name: string) => {
      const value = one[name];
      if (typeof value !== 'string' || CONTROL.test(value)) throw unusable('Grant');
      return value;
    };
    return { target: text('Target'), region: text('Region'), endpoint: text('Endpoint') };
  });
}

function unusable(member: string): CliError {
  return new CliError(
    EXIT.refused,
    `The answer is not that of a broker: ${member} is missing or malformed.`,
  );
}
