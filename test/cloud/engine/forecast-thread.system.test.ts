import { afterEach, expect, test } from 'vitest';
import { forecastThread } from '#cloud/engine/forecast-thread.js';
import { forecast } from '#cloud/strategy/answers/forecast.js';
import type { Forecast } from '#cloud/strategy/answers/forecast-types.js';
import { stateHash } from '#cloud/strategy/state-hash.js';
import { until } from '../streams/reading.js';
import { EngineCloud, stopEngines } from './engine-cloud.js';
import { foldAgain } from './fold-again.js';
import { onTheWire, raceRecords } from './race-stream.js';

afterEach(stopEngines);

test('an engine with its thread: what it told is what anybody computes from the log', async () => {
  const cloud = new EngineCloud();
  const { engine } = await cloud.engine('a', { forecaster: forecastThread(), forecastRuns: { base: 20, option: 5 } });
  const wire = onTheWire(raceRecords(4, 12), 9);
  cloud.putRecords(wire.slice(0, 60));
  await until(() => engine.stats().forecasts > 0);
  cloud.putRecords(wire.slice(60));
  await until(() => engine.stats().lap === 12 && engine.stats().forecasts > 1);
  expect(engine.stats().forecasting).toMatchObject({ failed: 0, tooLarge: 0 });
  await engine.stop();
  const snapshot = await cloud.snapshot();
  const { positions } = JSON.parse(snapshot);
  // It may have told one more while it stopped.
  const log = cloud.log().filter(({ sequenceNumber }) => Number(sequenceNumber) <= Number(positions.s0));
  expect(snapshot).toBe(JSON.stringify(foldAgain(log)));
  const told = log
    .map(({ data }) => JSON.parse(Buffer.from(data).toString()) as { kind: string; forecast: Forecast })
    .filter(({ kind }) => kind === 'forecast')
    .map((record) => record.forecast);
  const again: Promise<Forecast | null>[] = [];
  foldAgain(log, ({ state }) => {
    const hash = state && stateHash(state);
    for (const { provenance } of told) {
      if (!state || provenance.stateHash !== hash) continue;
      const { trigger, baseRuns, optionRuns } = provenance;
      // Computed later: the state goes on.
      again.push(forecast({ state: structuredClone(state), trigger, runs: { base: baseRuns, option: optionRuns } }));
    }
  });
  const computed = await Promise.all(again);
  for (const each of told) expect(computed).toContainEqual(each);
  expect(told.every(({ own }) => Object.keys(own).length > 0)).toBe(true);
}, 60_000);
