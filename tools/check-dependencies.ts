/** Part of `npm run check`: checks where dependencies come from, their licences and their advisories. */
import { readFileSync } from 'node:fs';
import { askForAdvisories } from './dependencies/advisories.ts';
import { findLicenceProblems } from './dependencies/licences.ts';
import { listPackages, parseLockfile, parseManifest } from './dependencies/lockfile.ts';
import {
  findLockfileProblems,
  findManifestProblems,
  findNpmrcProblems,
  isUnlockedPlatformPackage,
} from './dependencies/lockfile-rules.ts';

const advisories = await askForAdvisories('.');
const packages = listPackages(parseLockfile(readFileSync('package-lock.json', 'utf8')));
const problems = [
  ...findNpmrcProblems(readFileSync('.npmrc', 'utf8')),
  ...findManifestProblems(parseManifest(readFileSync('package.json', 'utf8'))),
  ...findLockfileProblems(packages),
  ...findLicenceProblems(packages),
  ...(advisories.wereChecked ? advisories.problems : []),
];

const forProduction = packages.filter((one) => one.isForProduction).length;
const unlocked = packages.filter(isUnlockedPlatformPackage).length;
say(
  `dependencies: ${forProduction} for production, ${packages.length - forProduction} for development`,
);
if (unlocked > 0) {
  say(`warning: ${unlocked} optional binaries of tools for other platforms have no integrity`);
}
say(
  advisories.wereChecked
    ? `advisories: ${advisories.problems.length} of level high or more, ${advisories.belowHigh} below`
    : `advisories: NOT CHECKED: ${advisories.why}`,
);
for (const problem of problems) process.stderr.write(`error: ${problem}\n`);
if (problems.length > 0) process.exitCode = 1;

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
