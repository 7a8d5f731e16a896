import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withDeployed } from '#device/config/deployed.js';
import { checkConfig } from '#device/config/load.js';
import type { DeployedItem } from '#device/deployments/slots.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-deployed-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const config = () =>
  checkConfig(
    {
      thing: 'car-7',
      dataDir: 'data',
      destinations: [{ name: 'aws', endpoint: { host: 'localhost' }, ca: 'ca', cert: 'cert', key: 'key' }],
      sources: [{ kind: 'can', dbc: ['old.dbc'], input: 'stdin' }],
      frameWindowMs: 100,
    },
    'car.json',
    dir,
  );

function item(kind: DeployedItem['kind'], text: string): DeployedItem {
  const path = join(dir, kind);
  writeFileSync(path, text);
  return { kind, name: kind, sha256: '', path };
}

describe('a configuration with what was deployed', () => {
  test('takes the place of what the file says', () => {
    const alarm = { name: 'hot', channel: 'oilTemp', when: 'above', limit: 140, hysteresis: 5, level: 'critical' };
    const items = [
      item('agent', '{"frameWindowMs":50}'),
      item('limits', JSON.stringify([alarm])),
      item('dbc', 'VERSION ""'),
    ];
    const result = withDeployed(config(), items);
    expect(result).toMatchObject({ thing: 'car-7', frameWindowMs: 50, alarms: [alarm] });
    expect(result.sources[0].config).toMatchObject({ dbc: [join(dir, 'dbc')], input: 'stdin' });
    expect(withDeployed(config(), [])).toEqual(config());
  });

  test.each([
    ['who the car is', 'agent', '{"thing":"car-8"}', 'thing'],
    ['what is not JSON', 'limits', '{', 'not JSON'],
  ] as const)('refuses %s', (_what, kind, text, words) => {
    expect(() => withDeployed(config(), [item(kind, text)])).toThrow(words);
  });
});
