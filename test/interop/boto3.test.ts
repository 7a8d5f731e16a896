/** boto3, by the environment that `pitwall local` prints. pip: boto3. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalReady } from '#cli/commands/local.js';
import { streams, tables } from '#cloud/resources.js';
import { Desk } from '../cli/command.js';
import { INSTALL, jsonOf, pythonWith } from '../helpers/foreign-clients.js';

const python = pythonWith('boto3');
const SCRIPT = fileURLToPath(new URL('./boto3_clients.py', import.meta.url));

describe.skipIf(!python)(`boto3${python ? '' : `: not on this machine; ${INSTALL}`}`, () => {
  const desk = new Desk();
  let ready: LocalReady;
  beforeAll(async () => {
    ({ ready } = await desk.local(1));
  });
  afterAll(() => desk.close());

  it('calls shadows, publish, streams, tables and the registry, and gets AWS’s errors', async () => {
    const seen = await jsonOf(python!, [SCRIPT, streams.race.name, tables.events.name], ready.env);
    expect(seen).toEqual({
      missing: ['ResourceNotFoundException', 404],
      state: { desired: { wingDeg: 6 }, delta: { wingDeg: 6 } },
      names: ['setup'],
      published: 200,
      reserved: ['InvalidRequestException', 400],
      stream: 'ACTIVE',
      failed: 0,
      records: ['one', 'two'],
      noStream: ['ResourceNotFoundException', 400],
      item: { pk: '20261121#alarm#car-1', sk: '1#1', level: 'warning', value: '7' },
      count: 1,
      conditional: ['ConditionalCheckFailedException', 400],
      thing: { class: 'gtd' },
      things: ['car-1', 'car-9'],
      noThing: ['ResourceNotFoundException', 404],
      stolen: 403,
    });
  });
});
