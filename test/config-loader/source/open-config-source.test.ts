import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createStaticCredentials } from '../../../simulator/static-credentials.ts';
import { openConfigSource } from '../../../src/config-loader/source/open-config-source.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-source-'));
});
afterEach(() => rm(folder, { recursive: true }));

function open(environment: Readonly<Record<string, string>>) {
  return openConfigSource({
    environment,
    createCredentials: () => createStaticCredentials({ accessKeyId: 'a', accessKeySecret: 'b' }),
    fetch,
    now: Date.now,
  });
}

describe('the config', () => {
  it('is BROKER_CONFIG_YAML if that is set, and then never changes', async () => {
    const source = await open({ BROKER_CONFIG_YAML: 'text', BROKER_CONFIG: 'oss://b/k' });

    expect(await source.read()).toEqual({ text: 'text', file: 'BROKER_CONFIG_YAML' });
    expect(await source.readChange()).toBeUndefined();
    expect(source.checkEveryMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('is ./broker.yaml by default', async () => {
    await expect((await open({})).read()).rejects.toThrow('./broker.yaml:1:1 cannot be read');
    await expect((await open({ BROKER_CONFIG: '' })).read()).rejects.toThrow('./broker.yaml');
  });

  it('is the file that BROKER_CONFIG names, and changes only when that file does', async () => {
    const file = join(folder, 'broker.yaml');
    await writeFile(file, 'one');
    const source = await open({ BROKER_CONFIG: file });
    expect(await source.read()).toEqual({ text: 'one', file });
    expect(await source.readChange()).toBeUndefined();

    await writeFile(file, 'changed');
    expect(await source.readChange()).toEqual({ text: 'changed', file });
    expect(await source.readChange()).toBeUndefined();
  });

  it('changes when a symbolic link points to another file, as in a mounted config map', async () => {
    await writeFile(join(folder, 'a'), 'same');
    await writeFile(join(folder, 'b'), 'diff');
    const file = join(folder, 'broker.yaml');
    await symlink('a', file);
    const source = await open({ BROKER_CONFIG: file });
    await source.read();
    await symlink('b', join(folder, 'next'));
    await rename(join(folder, 'next'), file);

    expect(await source.readChange()).toEqual({ text: 'diff', file });
  });

  it('is reported missing at each read, until the file is back', async () => {
    const file = join(folder, 'broker.yaml');
    const source = await open({ BROKER_CONFIG: file });
    await expect(source.read()).rejects.toThrow('(ENOENT); set BROKER_CONFIG');
    await expect(source.readChange()).rejects.toThrow('(ENOENT)');

    await writeFile(file, 'here');
    expect(await source.readChange()).toEqual({ text: 'here', file });
  });

  it('is in OSS if BROKER_CONFIG is an oss:// URL', async () => {
    await expect(open({ BROKER_CONFIG: 'oss://config/broker.yaml' })).rejects.toThrow(
      'needs BROKER_CONFIG_REGION',
    );
  });
});
