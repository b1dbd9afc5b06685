/** What tools that speak S3 must do with credentials of the broker, whichever way they get them. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Program, ROOT } from '../../programs/program.ts';
import { checkUploads } from './check-uploads.ts';
import { type Command, run } from './run.ts';
import { type Caller, S3_ENDPOINT, s3File, type Way } from './s3.ts';
import { type ClientWorld, CREDENTIAL_SECONDS, LARGE_BYTES } from './world.ts';

export interface S3Check {
  /** null where they could not be installed. */
  readonly python: Program | null;
  readonly world: () => ClientWorld;
  readonly way: Way;
  /** Begins the names of the subjects, which no other test of the same world may have. */
  readonly user: string;
  /** How a tool tells a refusal of the broker. By default it has the code and the request id. */
  readonly refusal?: RegExp;
}

const packagesOf = (python: Program | null) => python?.environment['PYTHONPATH'] ?? '';

const untilEnded = () => new Promise((resolve) => setTimeout(resolve, CREDENTIAL_SECONDS * 1000));

/** Declares the tests of boto3, s3fs and the aws CLI. */
export function checkPythonTools({ python, world, way, user, refusal }: S3Check): void {
  const PATH = [join(packagesOf(python), 'bin'), process.env['PATH']].join(delimiter);
  const tools = [
    { name: 'boto3', file: 'upload.py' },
    { name: 's3fs', file: 'upload_s3fs.py' },
    { name: 'the aws CLI', file: 'upload.sh' },
  ];
  describe.skipIf(python === null).each(tools)('$name', ({ file }) => {
    const path = s3File(file);
    const isPython = file.endsWith('.py');
    checkUploads(`${user}-${file.replace(/\W/g, '-')}`, world, {
      hasMultipart: true,
      scheme: 's3',
      hasOwnRules: true,
      ...(refusal === undefined ? {} : { refusal }),
      command: (caller, args) =>
        way(world(), caller, {
          path: isPython ? (python?.path ?? '') : path,
          args: [...(isPython ? [path] : []), ...args],
          environment: { ...python?.environment, ...(isPython ? {} : { PATH }) },
        }),
    });
  });
}

/** Declares the tests of DuckDB. */
export function checkDuckDb({ python, world, way, user }: S3Check): void {
  const isOfProgram = (line: string) => /^(?:wrote|read) /.test(line);

  function start(caller: Caller, place: string) {
    // it looks for extensions here, which pip has brought
    const home = join(world().folder, `duckdb-${place}`);
    mkdirSync(join(home, '.duckdb'), { recursive: true });
    symlinkSync(
      join(packagesOf(python), 'duckdb_ext', 'extensions'),
      join(home, '.duckdb', 'extensions'),
    );
    return run(
      way(world(), caller, {
        path: python?.path ?? '',
        args: [
          join(ROOT, 'test/clients/duckdb/behind_proxy.py'),
          ...[s3File('query.py'), `s3://app-media/users/${place}/`],
        ],
        environment: { ...python?.environment, HOME: home },
      }),
    );
  }

  describe.skipIf(python === null)('DuckDB', () => {
    it('writes and queries Parquet, and goes on when its credential has ended', async () => {
      const program = start(await world().environmentOf(`${user}-duck`), `${user}-duck`);
      program.write('a');
      await program.line('wrote a.parquet');
      await untilEnded();
      program.write('b');
      const { code, stdout, stderr } = await program.end();
      const { calls } = world().broker.simulator.oss;
      const own = calls.filter(({ key }) => key.startsWith(`users/${user}-duck/`));

      expect([code, stderr]).toEqual([0, '']);
      expect(stdout.filter(isOfProgram).slice(2)).toEqual(['read 2000 999000']);
      expect(new Set(own.map(({ accessKeyId }) => accessKeyId)).size).toBeGreaterThanOrEqual(2);
    });

    it('cannot write below the prefix of a neighbour', async () => {
      const caller = await world().environmentOf(`${user}-duck-curious`);
      const program = start(caller, `${user}-duck-neighbour`);
      program.write('a');
      const { code, stdout, stderr } = await program.end();

      expect(code).not.toBe(0);
      expect(stdout.filter(isOfProgram)).toEqual([]);
      expect(stderr).toContain('403');
    });
  });
}

const RCLONE_FILE: Settings = {
  args: ['--config', s3File('rclone.conf')],
  environment: { RCLONE_CONFIG_OSS_ENDPOINT: S3_ENDPOINT },
};

/** Where a tool has its settings. */
export type Settings = Pick<Command, 'args' | 'environment'>;

/** Declares the tests of rclone. */
export function checkRclone(
  rclone: Program | null,
  check: S3Check,
  settings: Settings = RCLONE_FILE,
): void {
  const { world, way, user, refusal = /no_grant/ } = check;

  function start(caller: Caller, ...args: readonly string[]) {
    return run(
      way(world(), caller, {
        path: rclone?.path ?? '',
        args: [...settings.args, ...args],
        environment: { ...rclone?.environment, ...settings.environment },
      }),
    );
  }

  describe.skipIf(rclone === null)('rclone', () => {
    it('copies a folder, lists, reads, and copies again when the first credential has ended', async () => {
      const caller = await world().environmentOf(`${user}-rclone`);
      const place = `oss:app-media/users/${user}-rclone/`;
      const names = ['--include', 'small.txt', '--include', 'large.bin'];
      const options = [...names, '--s3-upload-cutoff', '5M'];
      const copied = await start(caller, 'copy', world().folder, place, ...options).end();
      const listed = await start(caller, 'lsf', '--format', 'ps', place).end();
      await untilEnded();
      const read = await start(caller, 'cat', `${place}small.txt`).end();
      const { calls } = world().broker.simulator.oss;
      const own = calls.filter(({ key }) => key.startsWith(`users/${user}-rclone/`));

      expect([copied.code, copied.stderr]).toEqual([0, '']);
      expect(listed.stdout).toEqual([`large.bin;${LARGE_BYTES}`, 'small.txt;5']);
      expect(read.stdout).toEqual(['hello']);
      expect(own.filter(({ method }) => method === 'POST')).toHaveLength(2);
      expect(new Set(own.map(({ accessKeyId }) => accessKeyId)).size).toBeGreaterThanOrEqual(2);
    });

    it('cannot copy below the prefix of a neighbour, and tells a refusal', async () => {
      const caller = await world().environmentOf(`${user}-rclone-curious`);
      const place = `oss:app-media/users/${user}-rclone-neighbour/`;
      const names = ['--include', 'small.txt', '--retries', '1'];
      const copied = await start(caller, 'copy', world().folder, place, ...names).end();
      const refused = await start({ ...caller, GRANT: 'no-such-grant' }, 'lsf', place).end();

      expect(copied.code).not.toBe(0);
      expect(copied.stderr).toContain('AccessDenied');
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toMatch(refusal);
      expect(refused.stderr).not.toContain('eyJ');
    });
  });
}
