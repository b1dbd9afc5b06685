import { describe, expect, it } from 'vitest';
import { readCanonicalPath } from '../../../src/api/http/canonical-path.ts';

/** What the server passes on: the target as sent, and the URL that it made of it. */
const route = (target: string, url = `http://a${target}`) =>
  readCanonicalPath(
    { url },
    { env: { incoming: { url: target, rawHeaders: [], socket: { remoteAddress: '10.0.0.9' } } } },
  );

describe('the path that a request is routed by', () => {
  it.each([
    ['/v1/credentials', '/v1/credentials'],
    ['/v1/credentials?a=/../b', '/v1/credentials'],
    ['/v1/%63redentials', '/v1/%63redentials'],
    ['//v1/credentials', '//v1/credentials'],
    ['/v1/credentials#x?y', '/v1/credentials#x'],
    ['/%ff/%', '/%ff/%'],
    ['/', '/'],
  ])('of %s is the path as it was sent', (target, path) => {
    expect(route(target)).toBe(path);
  });

  it('of a whole URL is the path of the URL', () => {
    expect(route('http://b/v1/credentials?x', 'http://b/v1/credentials?x')).toBe('/v1/credentials');
  });

  it.each([
    ['/x/../v1/credentials', 'http://a/v1/credentials'],
    ['http://b/./health', 'http://b/health'],
    ['http:////b/health', 'http://b/health'],
    ['http://user@b/v1/credentials', 'http://nowhere.invalid/'],
  ])('of %s is unknown, since the server changed it', (target, url) => {
    expect(route(target, url)).toBe('/not-canonical');
  });

  it('is that of the URL if there is no connection', () => {
    expect(readCanonicalPath({ url: 'http://localhost/health' })).toBe('/health');
    expect(readCanonicalPath({ url: 'http://localhost/health' }, { env: {} })).toBe('/health');
  });
});
