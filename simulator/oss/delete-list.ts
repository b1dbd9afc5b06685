/** Reads the body of DeleteMultipleObjects: which objects, and whether the answer names them. */
import { ossError } from './error.ts';
import type { OssRequest } from './request.ts';
import { elementsOf, textsOf } from './xml.ts';

export interface DeleteList {
  readonly objects: readonly { readonly key: string; readonly versionId: string | undefined }[];
  readonly isQuiet: boolean;
}

const MAX_OBJECTS = 1000;

/**
 * Throws an OssError, also for an empty list, which would need no permission at all.
 * https://www.alibabacloud.com/help/en/oss/developer-reference/deletemultipleobjects
 */
export function readDeleteList({ body }: OssRequest): DeleteList {
  const xml = body.toString();
  const objects = elementsOf(xml, 'Object').map((object) => {
    const [key, ...others] = textsOf(object, 'Key');
    if (key === undefined || key === '' || others.length > 0) throw ossError('MalformedXML');
    return { key, versionId: textsOf(object, 'VersionId')[0] };
  });
  if (objects.length === 0 || objects.length > MAX_OBJECTS) throw ossError('MalformedXML');
  return { objects, isQuiet: textsOf(xml, 'Quiet')[0] === 'true' };
}
