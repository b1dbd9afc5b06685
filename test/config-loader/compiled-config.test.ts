/** A compiled config loads as it was written, and not otherwise. */
import { describe, expect, it } from 'vitest';
import {
  readCompiledConfig,
  writeCompiledConfig,
} from '../../src/config-loader/compiled-config.ts';
import { loadSimpleConfig } from '../support/broker.ts';

const config = loadSimpleConfig();
const text = writeCompiledConfig(config);
const read = (compiled: string) => readCompiledConfig(compiled, 'broker.json');

describe('a compiled config', () => {
  it('is the config that was compiled, and as hard to change', () => {
    expect(read(text)).toEqual(config);
    expect(() => Reflect.apply(Array.prototype.push, read(text).grants, [{}])).toThrow(TypeError);
  });

  it.each([
    ['edited by hand', text.replace('app-media', 'app-secret')],
    ['with one more member', text.replace(/^\{/, '{"store":{"urlFrom":"X"},')],
    ['cut off', text.slice(0, -10)],
    ['of another revision', text.replace(config.revision, config.revision.replace(/^./, 'z'))],
    ['without a revision', text.replace(`"revision":"${config.revision}",`, '')],
    ['that is null', 'null'],
    ['that is a list', '[]'],
    ['that is empty', ''],
  ])('is refused %s', (_what, compiled) => {
    expect(compiled).not.toBe(text);
    expect(() => read(compiled)).toThrow('is not what compile wrote');
  });
});
