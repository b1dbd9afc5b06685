/** Where callers reach the broker: `publicUrl`, `surfaces` and `cors`. */
import { describe, expect, it } from 'vitest';
import { GOOD, load, problemsOf } from './good-config.ts';

describe('a config with surfaces', () => {
  it.each([
    'surfaces: {}',
    'surfaces: { tokenExchange: false }',
    'surfaces: { tokenExchange: false, aws: false }',
  ])('has no surface but the native API with %s, and the same revision as without', (line) => {
    const { config } = load(`${GOOD}${line}\n`);

    expect(config.surfaces).toBeUndefined();
    expect(config.revision).toBe(load(GOOD).config.revision);
  });

  it('has the surface that it turns on, and another revision', () => {
    const { config } = load(`${GOOD}surfaces: { tokenExchange: true }\n`);

    expect(config.surfaces).toEqual({ tokenExchange: true });
    expect(config.revision).not.toBe(load(GOOD).config.revision);
  });

  it('has the names of the keys of credential URLs, and no key', () => {
    const urls = 'keys: [{ id: k1, keyFrom: KEY }]';
    const plain = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls} } }\n`,
    );
    const all = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls}, maxLife: 30m, beyondToken: true, deny: { ticketIds: [a] } } }\n`,
    );
    const spelledOut = load(
      `${GOOD}publicUrl: https://broker.example.com\nsurfaces: { credentialUrls: { ${urls}, maxLife: 60m, beyondToken: false, deny: {} } }\n`,
    );
    const keys = [{ id: 'k1', keyFrom: 'KEY' }];

    expect(plain.config.surfaces).toEqual({ credentialUrls: { keys, maxLifeSeconds: 3600 } });
    expect(all.config.surfaces).toEqual({
      credentialUrls: {
        keys,
        maxLifeSeconds: 1800,
        beyondToken: true,
        deny: { ticketIds: ['a'] },
      },
    });
    expect(spelledOut.config.revision).toBe(plain.config.revision);
  });

  it('has the surface of AWS alone if only that is on', () => {
    const { config } = load(`${GOOD}surfaces: { aws: true, tokenExchange: false }\n`);

    expect(config.surfaces).toEqual({ aws: true });
    expect(config.revision).not.toBe(load(GOOD).config.revision);
  });
});

describe('a mistake in a surface, its address or its origins', () => {
  it.each([
    ['publicUrl: broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: http://broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com/', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com/base', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://Broker.example.com', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://broker.example.com:443', 'publicUrl: must be an https:// origin'],
    ['publicUrl: https://user:pw@broker.example.com', 'publicUrl: must be an https:// origin'],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: KEY }] } }',
      'surfaces.credentialUrls: needs publicUrl, where its URLs lead',
    ],
    ['surfaces: { credentialUrls: {} }', 'surfaces.credentialUrls.keys: is missing'],
    [
      'surfaces: { credentialUrls: { keys: [] } }',
      'surfaces.credentialUrls.keys: must be a list of 1 to 8 keys',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: K1, keyFrom: KEY }] } }',
      'surfaces.credentialUrls.keys[0].id: must be a name of lower-case letters',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: "c2VjcmV0LWtleQ==" }] } }',
      'surfaces.credentialUrls.keys[0].keyFrom: must be the name of an environment variable, e.g. TICKET_KEY_K1, and not the key itself',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }, { id: k1, keyFrom: B }] } }',
      'surfaces.credentialUrls.keys: must not repeat an id',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }], maxLife: 721h } }',
      'surfaces.credentialUrls.maxLife: must be a duration of at most 720h',
    ],
    [
      'surfaces: { credentialUrls: { keys: [{ id: k1, keyFrom: A }], beyondToken: 1 } }',
      'surfaces.credentialUrls.beyondToken: must be true or false',
    ],
    ['surfaces: true', 'surfaces: must be like { tokenExchange: true }'],
    ['surfaces: { tokenExchange: yes-please }', 'surfaces.tokenExchange: must be true or false'],
    ['surfaces: { aws: 1 }', 'surfaces.aws: must be true or false'],
    ['surfaces: { tokenExchang: true }', 'did you mean "tokenExchange"?'],
  ])('reports %s', (line, problem) => {
    expect(problemsOf(`${GOOD}${line}\n`).join('\n')).toContain(problem);
  });

  it.each(['*', 'null', 'https://app.example.com/', 'https://*.example.com', 'app.example.com'])(
    'reports the CORS origin %s',
    (origin) => {
      const text = `${GOOD}cors: { origins: ["${origin}"] }\n`;

      expect(problemsOf(text).join('\n')).toContain('must be an origin as browsers send it');
      expect(load(`${GOOD}cors: { origins: ["https://app.example.com"] }\n`).warnings).toEqual([]);
    },
  );
});
