/** Reads the request for a credential URL: the members of the native API, and how the URL may be used. */
import type { CredentialRequest } from '../../ports.ts';
import { malformed } from '../http/request-members.ts';
import { readMembers, type SentMembers } from '../native/request.ts';

/** How a credential URL may be used. */
export interface UrlOptions {
  /** Absent: as long as possible. */
  readonly lifeSeconds?: number;
  /** Absent: any number. */
  readonly uses?: number;
  readonly bindsAddress: boolean;
  readonly isForMobile: boolean;
}

const OPTIONS = ['LifeSeconds', 'Uses', 'BindAddress', 'For'];
const MAX_USES = 1000;

/** Checks the members. Throws `request_malformed`. */
export function readUrlRequest(
  sent: SentMembers,
  maxLifeSeconds: number,
): { readonly request: CredentialRequest; readonly options: UrlOptions } {
  const request = readMembers(sent.filter(([name]) => !OPTIONS.includes(name)));
  // a JSON object has each of them once
  const options = new Map(sent);
  const lifeSeconds = readWhole(options.get('LifeSeconds'), 'LifeSeconds', maxLifeSeconds);
  const uses = readWhole(options.get('Uses'), 'Uses', MAX_USES);
  const bindsAddress = options.get('BindAddress') ?? false;
  if (typeof bindsAddress !== 'boolean') {
    throw malformed('BindAddress is not true or false', 'BindAddress');
  }
  const client = options.get('For');
  if (client !== undefined && client !== 'mobile-sdk') {
    throw malformed('For is not mobile-sdk', 'For');
  }
  return {
    request,
    options: {
      ...(lifeSeconds === undefined ? {} : { lifeSeconds }),
      ...(uses === undefined ? {} : { uses }),
      bindsAddress,
      isForMobile: client === 'mobile-sdk',
    },
  };
}

function readWhole(value: unknown, name: string, max: number): number | undefined {
  if (value === undefined) return undefined;
  const isInRange =
    typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max;
  if (!isInRange) throw malformed(`${name} is not an integer from 1 to ${max}`, name);
  return value;
}

/** The members that `readMembers` reads as this request. */
export function writeMembers({ grant, target, permissions, durationSeconds }: CredentialRequest) {
  return {
    ...(grant === undefined ? {} : { Grant: grant }),
    ...(target === undefined ? {} : { Target: target }),
    ...(permissions === undefined ? {} : { Permissions: permissions }),
    ...(durationSeconds === undefined ? {} : { DurationSeconds: durationSeconds }),
  };
}
