/** Bare hono: answers every request with the bytes of the broker's answer. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { readSetup, tellPort } from '../setup.ts';

const { headers, body } = readSetup().answer;

const app = new Hono();
app.get('/v1/credentials', (c) => c.body(body, 200, { ...headers }));
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => tellPort(port));
