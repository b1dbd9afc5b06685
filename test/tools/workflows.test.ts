/** The workflows for GitHub, which nothing here runs: they call what exists, with few rights. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toObject } from '../support/declared.ts';

const FOLDER = '.github/workflows';
const WORKFLOWS = readdirSync(FOLDER).map((name) => {
  const text = readFileSync(`${FOLDER}/${name}`, 'utf8');
  return { name, text, workflow: toObject(parse(text)) };
});
const { scripts, engines } = JSON.parse(readFileSync('package.json', 'utf8'));

const jobsOf = (workflow: object) => Object.values(toObject(Reflect.get(workflow, 'jobs')));
const stepsOf = (workflow: object) =>
  jobsOf(workflow).flatMap((job) =>
    Object.values(toObject(Reflect.get(Object(job), 'steps'))).map(toObject),
  );

describe.each(WORKFLOWS)('$name', ({ text, workflow }) => {
  it('says at its top that it is not run here', () => {
    expect(text).toMatch(/^# Not run where this project is developed/);
  });

  it('may only read, unless a job says otherwise', () => {
    expect(workflow['permissions']).toEqual({ contents: 'read' });
  });

  it('uses actions of GitHub alone, each of a fixed version', () => {
    const used = stepsOf(workflow).flatMap(({ uses }) => (uses === undefined ? [] : [uses]));

    expect(used.length).toBeGreaterThan(0);
    for (const action of used) expect(action).toMatch(/^actions\/[\w-]+@(v\d+|[0-9a-f]{40})$/);
  });

  it('runs scripts that there are', () => {
    const called = [...text.matchAll(/npm (?:run )?(test|(?<=run )[\w:]+)/g)].map(
      ([, name]) => name,
    );

    expect(called.length).toBeGreaterThan(1);
    expect(called.filter((name) => scripts[name ?? ''] === undefined)).toEqual([]);
  });
});

describe('the workflows', () => {
  it('test with the oldest Node that the package supports, and those after it', () => {
    const [job] = jobsOf(toObject(WORKFLOWS.find(({ name }) => name === 'ci.yml')?.workflow));
    const { node } = Object(job).strategy.matrix;

    expect(node).toEqual([20, 22, 24]);
    expect(engines.node).toBe(`>=${node[0]}.10`);
  });

  it('publish the built folder with provenance, for a tag alone', () => {
    const { workflow } = toObject(WORKFLOWS.find(({ name }) => name === 'publish.yml'));
    const published = stepsOf(Object(workflow)).find(({ run }) =>
      String(run).startsWith('npm publish'),
    );

    expect(Object(workflow).on).toEqual({ push: { tags: ['v*'] } });
    expect(Object(workflow).jobs.publish.permissions).toEqual({
      contents: 'read',
      'id-token': 'write',
    });
    expect(published).toMatchObject({
      run: 'npm publish --provenance --access public',
      'working-directory': 'dist/package',
    });
  });
});
