/**
 * The sample of https://www.alibabacloud.com/help/doc-detail/120092.htm: express and the STS class
 * of ali-oss. It verifies nothing. Its console.log calls, which print secrets, are left out.
 */
import AliOss from 'ali-oss';
import express from 'express';
import { readSetup, tellPort } from '../setup.ts';

const { url, sourceCredentials, roleArn } = readSetup().sts;
/** The class takes an endpoint; its types do not have it. */
const options = { ...sourceCredentials, endpoint: url };
const policy = {
  Version: '1',
  Statement: [
    { Effect: 'Allow', Action: ['oss:GetObject'], Resource: ['acs:oss:*:*:app-media/*'] },
  ],
};

const app = express();
app.get('/v1/credentials', (_request, response) => {
  const client = new AliOss.STS(options);
  client
    .assumeRole(roleArn, policy, 1800)
    .then(({ credentials }) => {
      response.set('Access-Control-Allow-Origin', '*');
      response.set('Access-Control-Allow-METHOD', 'GET');
      response.json({
        AccessKeyId: credentials.AccessKeyId,
        AccessKeySecret: credentials.AccessKeySecret,
        SecurityToken: credentials.SecurityToken,
        Expiration: credentials.Expiration,
      });
    })
    .catch((error: Error) => {
      response.status(400).json(error.message);
    });
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) tellPort(address.port);
});
