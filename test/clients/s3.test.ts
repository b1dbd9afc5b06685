/** The examples of tools that speak S3, at OSS's S3-compatible endpoint. `exec --renew` serves them credentials. */
import { afterAll, beforeAll, inject } from 'vitest';
import { type Cli, createCli } from '../support/cli.ts';
import { checkDuckDb, checkPythonTools, checkRclone, type S3Check } from './support/check-s3.ts';
import { throughExec } from './support/s3.ts';
import { type ClientWorld, startClientWorld } from './support/world.ts';

let world: ClientWorld;
let cli: Cli;

beforeAll(async () => {
  world = await startClientWorld();
  cli = await createCli();
});

afterAll(async () => {
  await cli.close();
  await world.close();
});

const check: S3Check = {
  python: inject('s3'),
  world: () => world,
  way: (...args) => throughExec(cli.path)(...args),
  user: 'exec',
};

checkPythonTools(check);
checkDuckDb(check);
checkRclone(inject('rclone'), check);
