/** Writes the `broker.yaml` of a preset, with comments that say what to check. */
import type { Answers } from './answers.ts';
import { comment } from './comment.ts';
import type { Preset } from './preset.ts';

/** The answers are those that `valuesOf` lists, and were checked. */
export function writeBrokerYaml(preset: Preset, answers: Answers): string {
  const { title, mustCheck, grant } = preset;
  const { bucket = '', region = '', account = '' } = answers;
  const target = `oss://${bucket}/${grant.prefix}`;
  const lines = [
    ...comment(
      `The config of oss-token-broker for ${title}. Every key is in docs/config-reference.md.`,
    ),
    '#',
    '# Check this before you deploy:',
    ...mustCheck.flatMap((text) => comment(text, { first: '# - ', rest: '#   ' })),
    `region: ${region}`,
    '',
    'buckets:',
    `  ${bucket}: { region: ${region} }`,
    '',
    'issuers:',
    ...issuerLines(preset, answers).map((line) => `  ${line}`),
    '',
    'grants:',
    `  - name: ${grant.name}`,
    `    issuer: ${preset.name}`,
    ...whenLines(preset, answers).map((line) => `    ${line}`),
    '    # This role must exist, and trust the role of the function: docs/deployment.md.',
    `    role: acs:ram::${account}:role/oss-${grant.name}`,
    '    allow:',
    `      - { target: ${JSON.stringify(target)}, permissions: [${grant.permissions.join(', ')}] }`,
    '    duration: { default: 15m, max: 1h }',
    '',
    'limits:',
    '  subject: { requests: 60, window: 1m }',
    ...endLines(preset, answers),
  ];
  return `${lines.join('\n')}\n`;
}

function issuerLines(preset: Preset, { issuer, audience = '' }: Answers): readonly string[] {
  const { name, algorithms, types, jwksUri, maxTokenAge, attributes } = preset;
  const url = 'fixed' in preset.issuer ? preset.issuer.fixed : (issuer ?? '');
  return [
    `- name: ${name}`,
    '  # compared with "iss", to the last character',
    `  issuer: ${url}`,
    '  # one of these must be in "aud"',
    `  audiences: [${JSON.stringify(audience)}]`,
    ...(jwksUri === undefined ? [] : [`  jwksUri: ${jwksUri.replace('{issuer}', url)}`]),
    `  algorithms: [${algorithms.join(', ')}]`,
    '  # the "typ" header; without one, a token counts as JWT',
    `  types: [${types.join(', ')}]`,
    ...(maxTokenAge === undefined ? [] : [`  maxTokenAge: ${maxTokenAge}`]),
    '  attributes:',
    ...attributes.map((line) => `    ${line}`),
  ];
}

function whenLines({ grant }: Preset, { tenant = '' }: Answers): readonly string[] {
  if (grant.when.length === 0) {
    return ['# when: [{ claim: ..., equals: ... }] would limit the grant to some of the subjects'];
  }
  return ['when:', ...grant.when.map((line) => `  ${line.replace('{tenant}', tenant)}`)];
}

function endLines({ hasPages, auditClaims }: Preset, { origin = '' }: Answers): readonly string[] {
  const audit =
    auditClaims === undefined
      ? []
      : ['', '# also in the audit log', `audit: { claims: [${auditClaims.join(', ')}] }`];
  if (!hasPages) return audit;
  const cors = `cors: { origins: [${origin === '' ? 'https://app.example.com' : origin}] }`;
  return [
    ...audit,
    '',
    '# The bucket needs a CORS rule for the same origin: docs/deployment.md.',
    origin === '' ? `# ${cors}` : cors,
  ];
}
