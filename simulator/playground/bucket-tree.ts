/** Lays the buckets out as a tree, and says of each place what a credential may do there. */
import { parseTarget } from '../../src/grants/target.ts';
import { RefusalError } from '../../src/refusal.ts';
import type { Identity, SimulatedCloud } from '../cloud.ts';
import { authorize } from '../oss/authorize.ts';
import { OssError } from '../oss/error.ts';
import { compareKeys, type OssObjects } from '../oss/objects.ts';
import type { Operation } from '../oss/operation.ts';
import { ACTIONS } from '../oss/permission.ts';
import type { OssRequestHead } from '../oss/request.ts';
import type { Place, Tree, TreePermission } from './answer.ts';

/** Of one bucket. */
const MAX_KEYS = 200;
const OPERATIONS: Readonly<Record<TreePermission, Operation>> = {
  read: 'GetObject',
  write: 'PutObject',
  list: 'ListObjects',
  delete: 'DeleteObject',
};
/** Stands for any object right below a prefix. */
const ANY_OBJECT = 'any-object';

/** What the simulated OSS answers to a holder of the credential, without performing anything. */
export function layOutBuckets(options: {
  readonly cloud: SimulatedCloud;
  readonly objects: OssObjects;
  /** Absent: nobody, who may do nothing. */
  readonly identity: Identity | undefined;
  /** Shown even where nothing is stored. */
  readonly targets: readonly string[];
  readonly connection: Pick<OssRequestHead, 'sourceIp' | 'isSecure'>;
}): Tree {
  const { cloud, objects, targets, connection } = options;
  const isEnded = (options.identity?.expiresAtMs ?? Number.POSITIVE_INFINITY) <= cloud.now();
  const identity = isEnded ? undefined : options.identity;

  function may(permission: TreePermission, bucket: string, key: string): boolean {
    if (identity === undefined) return false;
    const operation = OPERATIONS[permission];
    const isListing = permission === 'list';
    const head: OssRequestHead = {
      method: 'GET',
      bucket,
      key: isListing ? '' : key,
      isPathStyle: false,
      query: isListing && key !== '' ? new Map([['prefix', key]]) : new Map(),
      headers: {},
      ...connection,
    };
    try {
      authorize(cloud, identity, [{ action: ACTIONS[operation], bucket, key: head.key }], head);
      return true;
    } catch (error) {
      if (error instanceof OssError) return false;
      throw error;
    }
  }

  const placeOf = (bucket: string, key: string): Place => {
    const kind = key === '' ? 'bucket' : key.endsWith('/') ? 'prefix' : 'object';
    const segments = key.split('/');
    const object = kind === 'object' ? key : `${key}${ANY_OBJECT}`;
    return {
      kind,
      bucket,
      key,
      name:
        kind === 'bucket'
          ? bucket
          : kind === 'prefix'
            ? `${segments.at(-2)}/`
            : `${segments.at(-1)}`,
      depth: kind === 'object' ? segments.length : segments.length - 1,
      may: {
        read: may('read', bucket, object),
        write: may('write', bucket, object),
        list: kind !== 'object' && may('list', bucket, key),
        delete: may('delete', bucket, object),
      },
      isStored: kind === 'object' && objects.get(bucket, key) !== undefined,
    };
  };

  const shown = targets.flatMap(readTarget);
  const places = [...cloud.buckets.keys()].flatMap((bucket) => {
    const own = shown.filter((target) => target.bucket === bucket).map(({ key }) => key);
    const keys = [...objects.keys(bucket).slice(0, MAX_KEYS), ...own.slice(0, MAX_KEYS)];
    const all = new Set(['', ...keys.flatMap(withPrefixes)]);
    return [...all].sort(compareKeys).map((key) => placeOf(bucket, key));
  });
  return { places };
}

/** `a/b.txt` gives `a/` and `a/b.txt`. */
function withPrefixes(key: string): readonly string[] {
  const ends = key.split('').flatMap((character, at) => (character === '/' ? [at + 1] : []));
  return [...ends.map((end) => key.slice(0, end)), key];
}

function readTarget(text: string) {
  try {
    return [parseTarget(text)];
  } catch (error) {
    if (error instanceof RefusalError) return [];
    throw error;
  }
}
