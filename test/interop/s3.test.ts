/** S3 by the AWS command line and by boto3, by the environment that `pitwall local` prints. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { Desk } from '../cli/command.js';
import { has, INSTALL, jsonOf, pythonWith, start } from '../helpers/foreign-clients.js';

const python = pythonWith('boto3');
const missing = !has('aws', '--version');
const SCRIPT = fileURLToPath(new URL('./boto3_s3.py', import.meta.url));

const desk = new Desk();
const folder = mkdtempSync(join(tmpdir(), 'pitwall-s3-'));
let ready: LocalReady;
beforeAll(async () => {
  ({ ready } = await desk.local(0));
});
afterAll(() => {
  desk.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(missing)(
  `AWS CLI${missing ? ': not on this machine; Debian: awscli, or pip install awscli' : ''}`,
  () => {
    // Version 1 of the command line presigns with signature version 2 unless told otherwise.
    const config = join(folder, 'aws.config');
    const aws = async (...argv: string[]) => {
      const { code, out, err } = await start('aws', argv, { ...ready.env, AWS_CONFIG_FILE: config }).ended;
      expect(code, err).toBe(0);
      return out;
    };

    it('copies, lists, synchronises, presigns and removes', async () => {
      writeFileSync(config, '[default]\ns3 =\n  signature_version = s3v4\n');
      const up = join(folder, 'up');
      const down = join(folder, 'down');
      mkdirSync(join(up, 'sub'), { recursive: true });
      const files: Record<string, Buffer> = {
        'sub/sp ace ü+x.txt': Buffer.from('small'),
        // Above 8 MiB it comes in parts.
        large: Buffer.alloc(20_000_000, 'large '),
      };
      for (const [name, body] of Object.entries(files)) writeFileSync(join(up, name), body);

      await aws('s3', 'mb', 's3://cli');
      await aws('s3', 'sync', up, 's3://cli/tree');
      const listed = await aws('s3', 'ls', 's3://cli/tree/');
      expect(listed).toMatch(/PRE sub\/\n.* 20000000 large\n$/);
      await aws('s3', 'sync', 's3://cli/tree', down);
      for (const [name, body] of Object.entries(files)) {
        expect(readFileSync(join(down, name)).equals(body)).toBe(true);
      }
      // Nothing has changed, so that nothing is copied.
      expect(await aws('s3', 'sync', up, 's3://cli/tree')).toBe('');
      await aws('s3', 'cp', 's3://cli/tree/large', 's3://cli/copy');
      expect(await aws('s3', 'ls', 's3://cli/copy')).toContain(' 20000000 copy');
      await aws('s3', 'mv', 's3://cli/tree/sub/sp ace ü+x.txt', 's3://cli/moved');
      expect(await aws('s3', 'cp', 's3://cli/moved', '-')).toBe('small');
      const url = (await aws('s3', 'presign', 's3://cli/moved')).trim();
      expect(await (await fetch(url)).text()).toBe('small');
      await aws('s3', 'rb', 's3://cli', '--force');
      expect(await aws('s3', 'ls')).not.toContain('cli');
    });
  },
);

describe.skipIf(!python)(`boto3${python ? '' : `: not on this machine; ${INSTALL}`}`, () => {
  it('puts, gets, pages, transfers in parts, checks sums and presigns', async () => {
    expect(await jsonOf(python!, [SCRIPT], ready.env)).toEqual({
      bodies: [true, true, true, true, true],
      listed: true,
      etag: '3"',
      large: true,
      range: 'fdfeff',
      CRC32: expect.any(String),
      SHA1: expect.any(String),
      SHA256: expect.any(String),
      once: ['PreconditionFailed', 412],
      noKey: ['NoSuchKey', 404],
      acl: ['NotImplemented', 501],
      presigned: 'ü/ñ😀',
      notEmpty: ['BucketNotEmpty', 409],
      deleted: 7,
    });
  });
});
