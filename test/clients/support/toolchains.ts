/** How the clients of each language are installed. Each returns the program to start and its environment. */
import { readdirSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { basename, delimiter, join, relative } from 'node:path';
import { unpackPackages } from '../../programs/debian-packages.ts';
import { findOnPath, type Program, ROOT, unpackOnce } from '../../programs/program.ts';
import { CACHE, EXAMPLES, installOnce, runInstaller } from './install.ts';

const COPY_JARS = [
  'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies',
  ...['-DoutputDirectory=lib', '-DincludeScope=runtime'],
];

/** Python with the packages that `examples/<folder>/requirements.lock` pins by hash. */
export async function installPython(folder: string): Promise<Program> {
  const python = find('python3');
  const pins = join('examples', folder, 'requirements.lock');
  const packages = await installOnce(`${folder}-packages`, [pins], async (target) => {
    const flags = ['--quiet', '--require-hashes', '--disable-pip-version-check', '--no-input'];
    const args = ['-m', 'pip', 'install', ...flags, '--target', target, '-r', pins];
    await runInstaller(python.path, args, { cwd: ROOT });
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
  const built = await installOnce('java', filesOf('examples/java'), async (target) => {
    await cp(join(EXAMPLES, 'java'), target, { recursive: true });
    await runInstaller(maven.path, [...mavenFlags(), 'compile', ...COPY_JARS], {
      cwd: target,
    });
  });
  const classes = [join(built, 'target', 'classes'), join(built, 'lib', '*')];
  return { ...java, environment: { CLASSPATH: classes.join(delimiter) } };
}

/** Java with the classes of `examples/android`, compiled against the SDK and what it needs outside Android. */
export async function installAndroid(): Promise<Program> {
  const [java, maven] = [find('java'), find('mvn')];
  const files = [...filesOf('examples/android'), ...filesOf('test/clients/android')];
  const built = await installOnce('android', files, async (target) => {
    await cp(join(ROOT, 'test', 'clients', 'android'), target, { recursive: true });
    await runInstaller(maven.path, [...mavenFlags(), ...COPY_JARS], { cwd: target });
    const lib = join(target, 'lib');
    await runInstaller('jar', ['xf', join(lib, 'oss-android-sdk-2.9.21.aar'), 'classes.jar'], {
      cwd: lib,
    });
    const compiler = 'org.jetbrains.kotlin.cli.jvm.K2JVMCompiler';
    const flags = ['-no-stdlib', '-no-reflect', '-d', join(target, 'classes'), '-cp'];
    const jars = readdirSync(lib).map((name) => join(lib, name));
    await runInstaller(
      java.path,
      [
        ...['-cp', join(lib, '*'), compiler, ...flags, jars.join(delimiter)],
        ...filesOf('examples/android').map((file) => join(ROOT, file)),
      ],
      { cwd: target },
    );
  });
  // the interfaces of Android throw where they are called, so they come last
  const jars = readdirSync(join(built, 'lib')).filter(
    (name) => !/^(?:android|kotlin-c)/.test(name),
  );
  const classes = ['classes', ...[...jars, 'android-4.1.1.4.jar'].map((name) => `lib/${name}`)];
  return {
    ...java,
    environment: { CLASSPATH: classes.map((path) => join(built, path)).join(delimiter) },
  };
}

/** Strict: a jar that does not have the checksum of the registry is refused. */
const mavenFlags = () => ['-q', '-B', '-C', `-Dmaven.repo.local=${join(CACHE, 'maven')}`];

/** Paths of the files below a folder of the project, from the project on. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(ROOT, join(parentPath, name)))
    .sort();
}

/** A folder with the packages that `examples/wechat/package-lock.json` pins. */
export async function installWechat(): Promise<string> {
  const files = ['package.json', 'package-lock.json'].map((name) => join('examples/wechat', name));
  return installOnce('wechat', files, async (target) => {
    for (const file of files) await cp(join(ROOT, file), join(target, basename(file)));
    await runInstaller('npm', ['ci', '--no-audit', '--no-fund'], { cwd: target });
  });
}

/** rclone, on PATH or else of Debian. */
export async function installRclone(): Promise<Program> {
  const onPath = findOnPath('rclone');
  if (onPath !== undefined) return onPath;
  [find('apt-get'), find('dpkg-deb')];
  return unpackOnce(
    'rclone',
    (folder) => unpackPackages(folder, ['rclone']),
    (folder) => ({ path: join(folder, 'usr', 'bin', 'rclone'), environment: {} }),
  );
}

/** Throws if it is not on PATH. */
export function find(name: string): Program {
  const found = findOnPath(name);
  if (found === undefined) throw new Error(`${name} is not on PATH`);
  return found;
}
