/** Describes a walk through one grant: from a subject token to an object, and to refusals. */
import type { Grant, TrustedIssuer } from '../../src/config/config.ts';
import { coversTarget } from '../../src/grants/narrow-allowances.ts';
import type { GrantedTarget, Target } from '../../src/ports.ts';
import { formatClaimItems, quote } from '../issuer/claims-text.ts';
import { suggestClaims } from './suggest-claims.ts';

/** Asks OSS through ali-oss for one key: `oss put users/alice/hello.txt`. */
const OSS = `oss() { node -e 'const [, how, bucket, key] = process.argv; const { AccessKeyId, AccessKeySecret, SecurityToken, Grant } = JSON.parse(process.env.CREDENTIAL); const { Endpoint, Region } = Grant.Targets.find(({ Target }) => Target.startsWith("oss://" + bucket + "/")) ?? Grant.Targets[0]; const client = new (require("ali-oss"))({ accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, stsToken: SecurityToken, refreshSTSToken: () => {}, bucket, region: "oss-" + Region, endpoint: Endpoint.replace("localhost", "127.0.0.1"), authorizationV4: true }); const asked = how === "put" ? client.put(key, Buffer.from("hello")) : how === "get" ? client.get(key) : client.listV2({ prefix: key }); asked.then((answer) => console.log(answer.res.status, key), (error) => console.log(error.status, error.code, key))' "$@"; }`;

const METHODS = [
  ['write', 'put', 'Upload'],
  ['read', 'get', 'Read (nothing is there yet, so 404 is what a reader gets)'],
  ['list', 'list', 'List'],
] as const;

/** The command that prints a token with which the grant fits; undefined where none is found. */
export function tokenCommand(
  grant: Grant,
  issuer: TrustedIssuer,
  portOption: string,
): string | undefined {
  const suggestion = suggestClaims(grant, issuer, 'alice');
  if (suggestion === undefined) return undefined;
  const items = formatClaimItems(suggestion.claims).join(' ');
  return `npm run -s dev:token -- ${portOption}--issuer ${issuer.name} ${items}`;
}

/**
 * Commands for bash, zsh and sh, with a line of their own for each step. No line is a comment:
 * an interactive zsh knows none. Empty where no claims that fit the grant are found.
 */
export function describeWalk(options: {
  readonly grant: Grant;
  readonly issuer: TrustedIssuer;
  readonly broker: string;
  /** What `dev:token` needs to find the issuers, with a blank at its end. */
  readonly portOption: string;
}): readonly string[] {
  const { grant, issuer, broker, portOption } = options;
  const command = tokenCommand(grant, issuer, portOption);
  const alice = suggestClaims(grant, issuer, 'alice');
  const bob = suggestClaims(grant, issuer, 'bob');
  if (command === undefined || alice === undefined || bob === undefined) return [];
  const ask = (query: string) =>
    `curl -s -H "Authorization: Bearer $TOKEN" '${broker}/v1/credentials?${query}'`;
  const steps: (readonly [string, string])[] = [
    [`A subject token of the issuer ${issuer.name}`, `TOKEN=$(${command})`],
    [
      `Exchange it for a credential of the grant ${grant.name}`,
      `CREDENTIAL=$(${ask(`Grant=${grant.name}`)}); export CREDENTIAL; printf "%s\\n" "$CREDENTIAL"`,
    ],
  ];
  const method = chooseMethod(alice.allowances);
  if (method !== undefined) {
    const { how, title, target } = method;
    const use = ({ bucket, key }: Target) => `oss ${how} ${bucket} ${quote(key)}`;
    steps.push([
      `${title} with the credential and the unchanged ali-oss client`,
      `${OSS}\n${use(objectIn(target, how))}`,
    ]);
    const other = bob.allowances[alice.allowances.indexOf(method.allowance)]?.target;
    const neighbours: readonly (readonly [string, Target | undefined])[] = [
      ['The same of another caller is refused by OSS', other],
      ['What only begins the same is refused too', lengthen(target)],
    ];
    for (const [what, neighbour] of neighbours) {
      if (neighbour === undefined || coversTarget(alice.allowances, neighbour)) continue;
      steps.push([what, use(objectIn(neighbour, how))]);
    }
    const outside = [other, lengthen(target)].find(
      (found) => found !== undefined && !coversTarget(alice.allowances, found),
    );
    if (outside !== undefined) {
      const wanted = encodeText(`oss://${outside.bucket}/${outside.key}`);
      steps.push([
        'A target outside the grant is refused by the broker',
        `${ask(`Grant=${grant.name}&Target=${wanted}`)}; echo`,
      ]);
    }
  }
  return steps.flatMap(([title, commands], index) => [
    `echo '${index + 1}. ${title}'`,
    ...commands.split('\n'),
    '',
  ]);
}

/** The first allowance that can be tried, and how. */
function chooseMethod(allowances: readonly GrantedTarget[]) {
  for (const [permission, how, title] of METHODS) {
    const allowance = allowances.find(({ permissions }) => permissions.includes(permission));
    if (allowance !== undefined) return { how, title, allowance, target: allowance.target };
  }
  return undefined;
}

function isPrefix({ key }: Target): boolean {
  return key === '' || key.endsWith('/');
}

function objectIn(target: Target, how: string): Target {
  return isPrefix(target) && how !== 'list' ? { ...target, key: `${target.key}hello.txt` } : target;
}

/** The target with one more character, as `users/alice2/` is for `users/alice/`; the whole bucket has none. */
function lengthen(target: Target): Target | undefined {
  const { key } = target;
  if (key === '') return undefined;
  return { ...target, key: isPrefix(target) ? `${key.slice(0, -1)}2/` : `${key}2` };
}

/** For a query within single quotes of a shell. */
function encodeText(text: string): string {
  return encodeURIComponent(text)
    .replace(/%(?:2F|3A)/g, decodeURIComponent)
    .replaceAll("'", '%27');
}
