/** `pitwall car decode` as a script uses it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { ROOT } from '../helpers/tree.js';
import { Desk } from './command.js';

const paddock = join(ROOT, 'test/fixtures/can/paddock.dbc');
const folder = mkdtempSync(join(tmpdir(), 'pitwall-can-'));
const bad = join(folder, 'bad.dbc');
writeFileSync(bad, 'BO_ 1 Engine: 8 Ecu\n SG_ Rpm : 0|16@1+ (1,0 [0|0] "" X\n');
const desk = new Desk();
afterAll(() => {
  desk.close();
  rmSync(folder, { recursive: true });
});

it('ends with 0 on nothing, and writes nothing but lines', async () => {
  const [nothing, one] = await Promise.all([
    desk.start(['car', 'decode', '--dbc', paddock, paddock], '').ended,
    desk.start(['car', 'decode', '--dbc', paddock], '(1.000000) can0 103#0100000000000000').ended,
  ]);
  expect(nothing).toMatchObject({ code: 0, out: '' });
  expect(one).toMatchObject({ code: 0, out: '{"t":1.000000,"id":259,"signals":{"Count":1}}\n' });
});

it('ends with 3 on a DBC file that cannot be read, with its place, and with 2 without any', async () => {
  const [damaged, missing, none] = await Promise.all(
    [['--dbc', bad], ['--dbc', join(folder, 'missing.dbc')], []].map(
      (flags) => desk.start(['car', 'decode', ...flags], '').ended,
    ),
  );
  expect(damaged).toMatchObject({ code: 3, out: '' });
  expect(damaged.err).toContain('bad.dbc:2:25: expected ")" after the offset');
  expect(missing.code).toBe(3);
  expect(none.code).toBe(2);
});
