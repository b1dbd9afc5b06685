/** YAML on the pages: configs, which the loader must take, and a deployment to Kubernetes. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { loadConfig } from '../../src/config-loader/load-config.ts';
import { memberAt, toObject } from '../support/declared.ts';
import { completeConfig, toList } from './configs.ts';
import { ROOT } from './pages.ts';
import type { Rule } from './rules.ts';

const schema: unknown = JSON.parse(readFileSync(`${ROOT}broker.schema.json`, 'utf8'));
const CONFIG_KEYS = Object.keys(toObject(memberAt(schema, ['properties'])));

/** docs/config.md explains this warning, and that the config of the README gets it. */
const SYMLINKS = /^gives read and write in the bucket /;

const config: Rule = {
  name: 'a config that loads without a warning that has to be heeded',
  covers({ page, language, text }) {
    // its configs are to have findings
    if (page === 'docs/check.md' || page === 'docs/prove.md') return false;
    if (language !== 'yaml' || text.includes('apiVersion:')) return false;
    const keys = Object.keys(toObject(parse(text)));
    return keys.length > 0 && keys.every((key) => CONFIG_KEYS.includes(key));
  },
  check(block) {
    const isWhole = block.text.startsWith('region:');
    const text = isWhole ? block.text : stringify(completeConfig(block));

    const { warnings } = loadConfig({ text, file: block.page, environment: {} });
    expect(warnings.filter(({ message }) => !SYMLINKS.test(message))).toEqual([]);
  },
};

const kubernetes: Rule = {
  name: 'a deployment that starts what the build writes and asks addresses that there are',
  covers: ({ page, language, text }) =>
    page === 'docs/deployment.md' && language === 'yaml' && text.startsWith('apiVersion:'),
  async check({ text }, { broker }) {
    const [account, deployment] = parseAllDocuments(text).map((document) => {
      expect(document.errors).toEqual([]);
      return toObject(document.toJS());
    });
    const pod = toObject(memberAt(deployment, ['spec', 'template', 'spec']));
    const [container] = toList(pod['containers']).map(toObject);
    const mounts = toList(container?.['volumeMounts']).map((mount) => toObject(mount)['name']);
    const volumes = toList(pod['volumes']).map((volume) => toObject(volume)['name']);

    expect(account?.['kind']).toBe('ServiceAccount');
    expect(deployment?.['kind']).toBe('Deployment');
    expect(pod['serviceAccountName']).toBe(memberAt(account, ['metadata', 'name']));
    expect(memberAt(deployment, ['metadata', 'namespace'])).toBe(
      memberAt(account, ['metadata', 'namespace']),
    );
    expect(memberAt(deployment, ['spec', 'selector', 'matchLabels'])).toEqual(
      memberAt(deployment, ['spec', 'template', 'metadata', 'labels']),
    );
    expect(container?.['command']).toEqual(['node', '/app/main.cjs']);
    expect(container?.['ports']).toEqual([{ containerPort: 9000 }]);
    expect(volumes).toEqual(mounts);
    for (const probe of ['livenessProbe', 'readinessProbe']) {
      const { path, port } = toObject(memberAt(container, [probe, 'httpGet']));
      expect(port).toBe(9000);
      expect((await fetch(`${broker.url}${String(path)}`)).status).toBe(200);
    }
  },
};

export const CONFIG_RULES: readonly Rule[] = [config, kubernetes];
