/** Raw node:http: answers every request with the bytes of the broker's answer. */
import { createServer } from 'node:http';
import { readSetup, tellPort } from '../setup.ts';

const { headers, body } = readSetup().answer;

const server = createServer((_request, response) => response.writeHead(200, headers).end(body));
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) tellPort(address.port);
});
