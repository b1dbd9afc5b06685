/** Kubernetes: projected tokens of service accounts. https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/ */
import { anAudience, anIssuer } from '../asked.ts';
import type { Preset } from '../preset.ts';

export const kubernetes: Preset = {
  name: 'kubernetes',
  title: 'Kubernetes',
  issuer: anIssuer(
    'of the cluster, as its discovery document has it',
    'https://oidc.example.com/clusters/main',
  ),
  audience: anAudience('of the projected token', 'oss-token-broker', 'oss-token-broker'),
  tenant: {
    what: 'namespace of the pods',
    example: 'production',
    pattern: /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/,
  },
  algorithms: ['RS256'],
  types: ['JWT'],
  attributes: [
    '# whoever makes an account of this name again gets its objects',
    'account: { claim: [kubernetes.io, serviceaccount, name] }',
  ],
  grant: {
    name: 'workload-files',
    when: ['- { claim: [kubernetes.io, namespace], equals: "{tenant}" }'],
    prefix: 'workloads/{account}/',
    permissions: ['read', 'write', 'list'],
  },
  hasPages: false,
  auditClaims: ['sub'],
  mustCheck: [
    'kubectl get --raw /.well-known/openid-configuration shows the issuer. On ACK it is public once RRSA is on.',
    'The broker can reach the issuer and its keys. If not, put the keys of kubectl get --raw /openid/v1/jwks into jwks, or add privateNetwork: true.',
    'The pod mounts a token for the audience above (serviceAccountToken of a projected volume), and not the one for the API server.',
    'Whoever may make pods in the namespace can use each of its service accounts.',
  ],
};
