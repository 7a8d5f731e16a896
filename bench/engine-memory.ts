/**
 * What a race of 24 hours and 60 cars (some 22,000 laps) is at its end for the race engine: memory over the start, the
 * snapshot of each lap, and the time of a record in its last minutes, when every question is asked.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Figure, round } from './figure.js';

const CHILD = fileURLToPath(new URL('./engine-memory-process.ts', import.meta.url));

interface Measured {
  laps: number;
  failures: number;
  heapMb: number;
  rssMb: number;
  snapshotMb: number;
  packedMb: number;
  viewKb: number;
  stringifyMs: number;
  restoreMs: number;
  viewMs: number;
  recordP50Ms: number;
  answerP50Ms: number;
  recordMaxMs: number;
}

export async function engineMemoryFigures(): Promise<Figure[]> {
  const child = fork(CHILD, [], { execArgv: [...process.execArgv, '--expose-gc'] });
  const [measured] = (await once(child, 'message')) as [Measured];
  await once(child, 'close');
  if (measured.failures > 0 || measured.laps < 20_000)
    throw new Error(`${measured.laps} laps, ${measured.failures} failures.`);
  const figure = (name: string, unit: string, value: number): Figure => ({
    name: `engine, 24 h of 60 cars: ${name}`,
    unit,
    value: round(value),
    spread: 0,
  });
  return [
    figure('memory kept over the start', 'MB', measured.heapMb),
    figure('memory (RSS) over the start at most', 'MB', measured.rssMb),
    figure('snapshot', 'MB', measured.snapshotMb),
    figure('snapshot as stored', 'MB', measured.packedMb),
    figure('snapshot written as JSON', 'ms', measured.stringifyMs),
    figure('snapshot read', 'ms', measured.restoreMs),
    figure('view', 'KB', measured.viewKb),
    figure('view made', 'ms', measured.viewMs),
    figure('a record, median', 'ms', measured.recordP50Ms),
    figure('a record that asks the strategy, median', 'ms', measured.answerP50Ms),
    figure('the first one behind a snapshot', 'ms', measured.recordMaxMs),
  ];
}
