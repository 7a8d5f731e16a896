import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Evaluation } from '#device/pipeline/evaluation.js';
import { carChannels } from '#simulator/channels.js';
import { ROOT } from '../../../helpers/tree.js';

const dir = join(ROOT, 'examples');
const files = readdirSync(dir).filter((name) => name.startsWith('campaign-') && name.endsWith('.json'));
const read = (name: string): unknown => JSON.parse(readFileSync(join(dir, name), 'utf8'));

function simulatedCar() {
  return new Evaluation({ table: carChannels(100), onAlarm: () => {}, onSamples: () => {}, onCollected: () => {} });
}

test.each(files)('examples/%s runs in a simulated car', (name) => {
  const car = simulatedCar();
  car.replaceCampaigns([read(name)]);
  expect(car.campaigns.map(({ id }) => `campaign-${id}.json`)).toEqual([name]);
});

test('all of them run together', () => {
  const car = simulatedCar();
  car.replaceCampaigns(files.map(read));
  expect(car.stats()).toMatchObject({ campaigns: 4, refused: 0 });
});
