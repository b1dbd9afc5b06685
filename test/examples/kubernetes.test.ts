/** The pod of `examples/kubernetes`: its agent gives the application credentials. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from '../docs/pages.ts';
import { checkPod } from '../docs/rules-cli.ts';
import { startWorld } from '../docs/world.ts';
import { createCli } from '../support/cli.ts';
import { memberAt, toObject } from '../support/declared.ts';

it('serves a credential to the application of the pod', async () => {
  const text = readFileSync(`${ROOT}examples/kubernetes/sidecar.yaml`, 'utf8');
  const [account, deployment] = parseAllDocuments(text).map((document) => {
    expect(document.errors).toEqual([]);
    return toObject(document.toJS());
  });
  const pod = toObject(memberAt(deployment, ['spec', 'template', 'spec']));
  const world = await startWorld();
  const cli = await createCli();

  expect(pod['serviceAccountName']).toBe(memberAt(account, ['metadata', 'name']));
  expect(memberAt(deployment, ['spec', 'selector', 'matchLabels'])).toEqual(
    memberAt(deployment, ['spec', 'template', 'metadata', 'labels']),
  );
  await checkPod(pod, world, cli);
  await cli.close();
  await world.close();
});
