/** How the clients of each language are installed. Each returns the program to start and its environment. */
import { readdirSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { delimiter, join, relative } from 'node:path';
import { findOnPath, type Program } from '../../programs/program.ts';
import { CACHE, EXAMPLES, installOnce, runInstaller } from './install.ts';

const COPY_PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';

/** Python with the packages that `examples/<folder>/requirements.lock` pins by hash. */
export async function installPython(folder: string): Promise<Program> {
  const python = find('python3');
  const pins = join(folder, 'requirements.lock');
  const packages = await installOnce(`${folder}-packages`, [pins], async (target) => {
    const flags = ['--quiet', '--require-hashes', '--disable-pip-version-check', '--no-input'];
    const args = ['-m', 'pip', 'install', ...flags, '--target', target, '-r', pins];
    await runInstaller(python.path, args, { cwd: EXAMPLES });
  });
  // the examples' own folder must stay as it is
  return { ...python, environment: { PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: '1' } };
}

/** A folder with a program for each command of `examples/go`, built with the modules of its go.sum. */
export async function installGo(): Promise<string> {
  const go = find('go');
  const folder = join(CACHE, 'go');
  const programs = join(folder, 'bin');
  await mkdir(programs, { recursive: true });
  await runInstaller(go.path, ['build', '-mod=readonly', '-o', programs, './...'], {
    cwd: join(EXAMPLES, 'go'),
    environment: {
      GOMODCACHE: join(folder, 'modules'),
      GOCACHE: join(folder, 'build'),
      // a folder that is read-only could not be deleted with the cache
      GOFLAGS: '-modcacherw -buildvcs=false',
      GOTOOLCHAIN: 'local',
    },
  });
  return programs;
}

/** Java with the classes of `examples/java` and the jars that its pom.xml pins, built as Maven does. */
export async function installJava(): Promise<Program> {
  const [java, maven] = [find('java'), find('mvn')];
  const sources = readdirSync(join(EXAMPLES, 'java'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(EXAMPLES, join(parentPath, name)))
    .sort();
  const built = await installOnce('java', sources, async (target) => {
    await cp(join(EXAMPLES, 'java'), target, { recursive: true });
    const repository = `-Dmaven.repo.local=${join(CACHE, 'maven')}`;
    const copy = ['-DoutputDirectory=lib', '-DincludeScope=runtime'];
    const goals = ['compile', `${COPY_PLUGIN}:copy-dependencies`, ...copy];
    await runInstaller(maven.path, ['-q', '-B', repository, ...goals], { cwd: target });
  });
  const classes = [join(built, 'target', 'classes'), join(built, 'lib', '*')];
  return { ...java, environment: { CLASSPATH: classes.join(delimiter) } };
}

/** Throws if it is not on PATH. */
export function find(name: string): Program {
  const found = findOnPath(name);
  if (found === undefined) throw new Error(`${name} is not on PATH`);
  return found;
}
