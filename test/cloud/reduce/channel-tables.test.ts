import { expect, test } from 'vitest';
import { ChannelTables } from '#cloud/reduce/channel-tables.js';

const channel = (name: string, unit = '1') => ({ name, unit, scale: 0.1, offset: 0, rateHz: 10 });
const DISPLAY = ['speed', 'rpm', 'throttle', 'brakeFront', 'fuelFlow'];
const shown = (names: readonly string[]) => {
  const tables = new ChannelTables(DISPLAY);
  return tables.get(tables.add(names.map((name) => channel(name))))!.display.map(({ name }) => name);
};

test('a table of the usual channels shows those, by their place in it', () => {
  expect(shown(['rpm', 'oilTemp', 'speed', 'throttle', 'brakeFront'])).toEqual([
    'rpm',
    'speed',
    'throttle',
    'brakeFront',
  ]);
});

test('a table that has hardly any of them shows its own, with their units', () => {
  expect(shown(['Engine_Speed', 'speed', 'Coolant_Temp'])).toEqual(['Engine_Speed', 'speed', 'Coolant_Temp']);
  const tables = new ChannelTables(DISPLAY);
  const hash = tables.add([channel('Engine_Speed', 'rpm'), channel('Coolant_Temp', 'Cel')]);
  expect(tables.get(hash)!.display).toEqual([
    { name: 'Engine_Speed', index: 0, unit: 'rpm' },
    { name: 'Coolant_Temp', index: 1, unit: 'Cel' },
  ]);
});

test('of a table of many channels the first are shown, and those that the screen knows', () => {
  const names = [...Array.from({ length: 100 }, (_, i) => `signal${i}`), 'speed'];
  expect(shown(names)).toEqual([...names.slice(0, 64), 'speed']);
});
