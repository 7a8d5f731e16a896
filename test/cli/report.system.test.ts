/** The example's laps, as a team uses them: loaded, made into sheets and models, one sheet sent to its car. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ROOT } from '../helpers/tree.js';
import { Desk } from './command.js';

const RUN = 'practice-2';
const TRACK = 'Example Ring';
let desk: Desk;

beforeAll(async () => {
  desk = new Desk();
  await desk.local(1);
});
afterAll(() => desk.close());

it('loads practice, writes sheets, sends one, fits models', async () => {
  const loaded = await desk.run(['load', join(ROOT, 'examples/practice.csv'), '--run', RUN, '--track', TRACK, '--yes']);
  expect(loaded.code).toBe(0);

  const heard = desk.start(['sub', 'pitwall/v1/+/sheets', '--json', '--count', '1', '--timeout', '30']);
  const priors = await desk.json<{ version: number; fuelPerLapKg: { mean: number } }>(
    'report',
    'priors',
    TRACK,
    '--run',
    RUN,
  );
  expect(priors).toMatchObject({ version: 1, cars: 6, pitLossMs: null });
  expect(priors.fuelPerLapKg.mean).toBeCloseTo(1.92, 1);

  const out = join(desk.folder, 'sheets');
  const flags = ['--run', RUN, '--car', '3', '--out', out, '--send', '--thing', 'car-1', '--json'];
  const made = await desk.run(['report', 'practice', ...flags]);
  expect(made.code).toBe(0);
  const sheet = JSON.parse(made.out) as { idealMs: number; field: object };
  expect(sheet.field).toEqual({ cars: 6, place: 3, bestMs: 96_968, bestEntry: '1' });
  expect(readdirSync(out).sort()).toEqual([`${RUN}-car-3.csv`, `${RUN}-car-3.html`]);
  expect(readFileSync(join(out, `${RUN}-car-3.html`), 'utf8')).toContain('1:37.221');

  const { topic, payload } = JSON.parse((await heard.ended).out) as { topic: string; payload: { url: string } };
  expect(topic).toBe('pitwall/v1/car-1/sheets');
  expect(await (await fetch(payload.url)).json()).toMatchObject({ title: `${RUN}, ideal`, lapTimeMs: sheet.idealMs });
}, 60_000);
