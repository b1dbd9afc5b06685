/** What an operator should know of the account's side, because the config or RAM cannot say it. */
import type { Config } from '../config/config.ts';
import type { Identity } from './broker-identity.ts';

/** Returns whole sentences. */
export function collectNotes(
  { grants, cors }: Config,
  broker: Identity,
  knowsTrustPolicy: boolean,
): readonly string[] {
  const notes: string[] = [];
  if (broker.kind === 'role' && !knowsTrustPolicy) {
    notes.push(
      `The trust policy of ${broker.arn} is not here, since the config does not tell who opens its sessions.`,
    );
  }
  for (const role of new Set(grants.map((grant) => grant.role))) {
    const ofRole = grants.filter((grant) => grant.role === role);
    const without = ofRole.filter(({ externalId }) => externalId === undefined);
    const [first] = without;
    if (first !== undefined && without.length < ofRole.length) {
      notes.push(
        `${role} requires no external ID, since the grant ${first.name} sends none; give it a role of its own.`,
      );
    }
    if (ofRole.some(({ restrict }) => restrict.sourceIp === 'caller')) {
      notes.push(
        `${role} can be used from every address, since nobody knows those of callers; each session policy names one.`,
      );
    }
  }
  const others = new Set(
    grants.map(({ role }) => role.split(':')[3]).filter((account) => account !== broker.account),
  );
  for (const account of others) {
    notes.push(
      `Roles of account ${account} need credentials of that account; the broker is in ${broker.account}.`,
    );
  }
  if (cors.origins.length > 0) notes.push('Setting CORS rules replaces all that the bucket has.');
  return notes;
}
