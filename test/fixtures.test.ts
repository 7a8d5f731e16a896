/** The vectors that we keep are those that we were given, byte for byte. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sharedFolder } from './helpers/shared-data.js';
import { ROOT } from './helpers/tree.js';

const given = join(sharedFolder, 'vectors');
const kept = join(ROOT, 'test/fixtures');
const missing = !existsSync(given);
/** Those of both folders: ours alone and those that nothing tests yet have nothing to be compared with. */
const both = missing ? [] : readdirSync(given).filter((file) => file.endsWith('.json') && existsSync(join(kept, file)));

describe.skipIf(missing)(`vectors${missing ? ': the shared folder is not here; set PITWALL_SHARED' : ''}`, () => {
  it('of policies and shadows are among those that are kept', () => {
    expect(both).toEqual(expect.arrayContaining(['policy.json', 'shadow.json']));
  });

  it.each(both)('%s is as it was given', (file) => {
    expect(readFileSync(join(kept, file)).equals(readFileSync(join(given, file)))).toBe(true);
  });
});
