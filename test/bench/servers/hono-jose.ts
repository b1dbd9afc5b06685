/** hono + jose: verifies the token of every request, and answers with the bytes of the broker's answer. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { readSetup, tellPort } from '../setup.ts';
import { createVerifyBearer } from './verify-bearer.ts';

const setup = readSetup();
const { headers, body } = setup.answer;
const verifyBearer = createVerifyBearer(setup);

const app = new Hono();
app.get('/v1/credentials', async (c) => {
  await verifyBearer(c.req.header('authorization'));
  return c.body(body, 200, { ...headers });
});
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => tellPort(port));
