/** Puts an object where each suggested caller may look, so that there is something to read, and to be refused. */
import type { Config } from '../../src/config/config.ts';
import { isPrefix } from '../../src/grants/target.ts';
import { type OssObjects, toObject } from '../oss/objects.ts';
import { suggestCallers } from './suggest-callers.ts';

const PROPERTIES = { contentType: 'text/plain', acl: 'default', tagging: '', headers: {} };

/** Leaves every object alone that is there. */
export function seedObjects(objects: OssObjects, config: Config): void {
  for (const { label, allowances } of suggestCallers(config)) {
    for (const { target } of allowances) {
      const key = isPrefix(target) ? `${target.key}hello.txt` : target.key;
      if (objects.get(target.bucket, key) !== undefined) continue;
      const body = Buffer.from(`An object of ${label}.\n`);
      objects.put(target.bucket, key, toObject(body, PROPERTIES, Date.now()));
    }
  }
}
