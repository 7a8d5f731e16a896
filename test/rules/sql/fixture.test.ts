import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../helpers/tree.js';

const original = resolve(process.env.PITWALL_SHARED ?? resolve(ROOT, '../shared'), 'vectors/iot-sql.json');
const note = existsSync(original) ? '' : ' (skipped: no shared vectors; set PITWALL_SHARED)';

it.skipIf(note !== '')(`the documented cases are those that were handed out, unchanged${note}`, () => {
  const ours = readFileSync(resolve(ROOT, 'test/fixtures/iot-sql.json'), 'utf8');
  expect(JSON.parse(ours)).toEqual(JSON.parse(readFileSync(original, 'utf8')));
});
