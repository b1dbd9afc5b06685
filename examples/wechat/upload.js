/** Uploads a file that the user chose: the broker's credential signs a form (PostObject), since wx.uploadFile sends nothing else. */
const CryptoJS = require('crypto-js');

const TEN_MINUTES_MS = 600_000;
const MAX_BYTES = 100 * 1024 * 1024;

/** Resolves to the broker's answer. A refusal has a stable code; quote the request id to the operator. */
function askBroker({ brokerUrl, grant, subjectToken }) {
  return new Promise((resolve, reject) => {
    wx.request({
      url: `${brokerUrl}/v1/credentials?Grant=${encodeURIComponent(grant)}`,
      header: { Authorization: `Bearer ${subjectToken}` },
      timeout: 10_000,
      success({ statusCode, data }) {
        if (statusCode === 200) resolve(data);
        else reject(new Error(`the broker refuses: ${data.code} (request ${data.requestId})`));
      },
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    });
  });
}

/** The fields of a form that uploads one object, with OSS signature version 4. */
function signForm({ AccessKeyId, AccessKeySecret, SecurityToken }, { bucket, key, region }) {
  const date = new Date().toISOString().replace(/[-:]|\.\d{3}/g, ''); // such as 20261126T080910Z
  const scope = [date.slice(0, 8), region, 'oss', 'aliyun_v4_request'];
  const signed = {
    'x-oss-signature-version': 'OSS4-HMAC-SHA256',
    'x-oss-credential': [AccessKeyId, ...scope].join('/'),
    'x-oss-date': date,
    'x-oss-security-token': SecurityToken,
  };
  const rules = {
    expiration: new Date(Date.now() + TEN_MINUTES_MS).toISOString(),
    conditions: [
      { bucket },
      { key },
      ['content-length-range', 0, MAX_BYTES],
      ...Object.entries(signed).map(([name, value]) => ({ [name]: value })),
    ],
  };
  const policy = CryptoJS.enc.Base64.stringify(CryptoJS.enc.Utf8.parse(JSON.stringify(rules)));
  const secret = scope.reduce(
    (last, part) => CryptoJS.HmacSHA256(part, last),
    CryptoJS.enc.Utf8.parse(`aliyun_v4${AccessKeySecret}`),
  );
  const signature = CryptoJS.HmacSHA256(policy, secret).toString();
  return { key, ...signed, policy, 'x-oss-signature': signature };
}

/** Resolves to the key. `onProgress` gets a share from 0 to 1. */
async function upload({ brokerUrl, grant, getSubjectToken, filePath, name, onProgress }) {
  const answer = await askBroker({ brokerUrl, grant, subjectToken: await getSubjectToken() });
  const [{ Target, Region, Endpoint, Cname }] = answer.Grant.Targets;
  const [, bucket, prefix] = /^oss:\/\/([^/]+)\/(.*)$/.exec(Target);
  const key = prefix + name;
  const formData = signForm(answer, { bucket, key, region: Region });
  await new Promise((resolve, reject) => {
    const task = wx.uploadFile({
      url: Cname ? Endpoint : Endpoint.replace('://', `://${bucket}.`),
      filePath,
      name: 'file',
      formData,
      success({ statusCode, data }) {
        if (statusCode < 300) resolve();
        else reject(new Error(`OSS refuses: ${/<Code>(\w+)/.exec(data)?.[1]}`));
      },
      fail: ({ errMsg }) => reject(new Error(errMsg)),
    });
    task.onProgressUpdate(({ progress }) => onProgress?.(progress / 100));
  });
  return key;
}

module.exports = { upload };
