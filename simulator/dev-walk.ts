/** Describes the walk that `npm run dev` prints: from a subject token to an upload and to refusals. */

/** Text for a terminal; the commands can be pasted into a shell in the project's folder. */
export function describeWalk(urls: {
  readonly broker: string;
  readonly tokenEndpoint: string;
  readonly sts: string;
  readonly oss: string;
}): string {
  const { broker, tokenEndpoint, sts, oss } = urls;
  return `
  broker   ${broker}
  issuer   ${tokenEndpoint}   (callers alice:alice-secret and bob:bob-secret)
  STS      ${sts}   (simulated)
  OSS      ${oss}   (simulated)

  Paste these into another shell in this folder; the audit line of each decision appears here.

  # 1. a subject token, from the issuer
  TOKEN=$(curl -s -u alice:alice-secret -d grant_type=client_credentials ${tokenEndpoint} | node -pe 'JSON.parse(fs.readFileSync(0)).access_token')

  # 2. exchange it for a credential of the grant "user-files"
  export CREDENTIAL=$(curl -s -H "Authorization: Bearer $TOKEN" '${broker}/v1/credentials?Grant=user-files'); echo "$CREDENTIAL"

  # 3. upload with the credential and the unchanged ali-oss client
  upload() { node -e 'const { AccessKeyId, AccessKeySecret, SecurityToken, Grant } = JSON.parse(process.env.CREDENTIAL); new (require("ali-oss"))({ accessKeyId: AccessKeyId, accessKeySecret: AccessKeySecret, stsToken: SecurityToken, refreshSTSToken: () => {}, bucket: "app-media", endpoint: Grant.Targets[0].Endpoint }).put(process.argv[1], Buffer.from("hello")).then((answer) => console.log(answer.res.status, process.argv[1]), (error) => console.log(error.status, error.code, process.argv[1]))' "$1"; }
  upload users/alice/hello.txt

  # 4. another user's prefix is refused by OSS
  upload users/bob/hello.txt

  # 5. a prefix that only begins the same is refused too
  upload users/alice2/hello.txt

  # 6. a target outside the grant is refused by the broker
  curl -s -H "Authorization: Bearer $TOKEN" '${broker}/v1/credentials?Target=oss://app-media/users/bob/'; echo

  Ctrl+C stops everything; nothing is kept.

`;
}
