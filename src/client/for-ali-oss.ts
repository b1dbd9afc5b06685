/** Options that make `ali-oss` refresh at the right time, for each of its requests. */
import type { Credential, CredentialSource } from './credential.ts';

/**
 * The options for `new OSS(...)`. `bucket` selects among the targets of a grant with several buckets.
 *
 * ali-oss notes the time of a refresh before it has the credential, so requests beside it go out with
 * the old one, and a failed refresh is not repeated before the interval ends. With this interval every
 * request waits for the source, also after the clock was set back; the source asks once for all.
 *
 * @throws BrokerError if there is no credential.
 * @throws RangeError if the grant has no target in the bucket.
 */
export async function forAliOss(
  source: CredentialSource,
  { bucket: wanted }: { readonly bucket?: string } = {},
) {
  const credential = await source.get();
  const target = credential.grant.targets.find(({ bucket }) => !wanted || bucket === wanted);
  if (!target) throw new RangeError(`no target in ${wanted}`);
  const { bucket, region, endpoint, cname } = target;
  return {
    ...toKeys(credential),
    bucket,
    region: `oss-${region}`,
    endpoint,
    cname: !!cname,
    secure: endpoint.startsWith('https:'),
    authorizationV4: true,
    refreshSTSToken: async () => toKeys(await source.get()),
    refreshSTSTokenInterval: -Infinity,
  };
}

/** ali-oss takes all of this as its options; `amendTimeSkewed` is what it adds to the local clock. */
function toKeys({ accessKeyId, accessKeySecret, securityToken, clockOffsetMs }: Credential) {
  return { accessKeyId, accessKeySecret, stsToken: securityToken, amendTimeSkewed: clockOffsetMs };
}
