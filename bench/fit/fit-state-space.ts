/**
 * Fits what the state-space pace knows before a race, on races that are over, and writes it to
 * `cloud/strategy/models/state-space/fitted/<group>.ts`. Prints the errors on races that a fit had not seen: the rows of the
 * table in that folder's README.
 *
 *     node --conditions=source --import tsx bench/fit/fit-state-space.ts DATA [GROUP…]
 *
 * DATA is a folder as `pitwall strategy backtest` reads it. It never runs in the product.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TyrePacePrior } from '#cloud/strategy/models/state-space/prior.js';
import { Z80 } from '#cloud/strategy/stats.js';
import { fitTyrePacePrior, overRaces, START } from './fit-tyre-pace.js';
import { pastRaces } from './races.js';
import type { AskedLap } from './tyre-pace-walk.js';

/** What the races themselves do not tell. Fuel: kg a lap × 0.0002 a kg, ± 30 % [prior]. */
const STARTS: Record<string, TyrePacePrior> = {
  f1: {
    ...START,
    refuels: false,
    driftWalkSd: 0.0004,
    driftPerLap: { mean: -0.0005, sd: 0.0003 },
    linear: { mean: 0.008, sd: 0.008 },
    early: { mean: 0.003, sd: 0.004 },
    restartFirst: { mean: 0.02, sd: 0.03 },
    restartFading: { mean: 0.003, sd: 0.01 },
    fuelPerLap: { mean: 0.00034, sd: 0.0001 },
  },
  nascar: START,
  wec: { ...START, noiseSd: 0.005, fuelPerLap: { mean: 0.0006, sd: 0.0002 } },
  grcup: { ...START, refuels: false, noiseSd: 0.005 },
  other: { ...START, fuelPerLap: { mean: 0.0004, sd: 0.0002 } },
};

const [dataDir, ...only] = process.argv.slice(2);
const groups = pastRaces(dataDir);
for (const [group, races] of groups) {
  if (!(group in STARTS) || (only.length > 0 && !only.includes(group))) continue;
  const { prior, asked } = fitTyrePacePrior(races, STARTS[group]);
  const rows = figures(asked);
  for (const row of rows) process.stdout.write(`| ${group} | ${row.join(' | ')} |\n`);
  const said = rows.map(
    ([what, count, ours, last, fresh, cover]) =>
      `${what}: ${ours} s (last lap ${last} s, fresh laps ${fresh} s), ${cover} of ${count} covered`,
  );
  write(group, {
    ...prior,
    source: `Fitted on ${races.length} races that are over. On races of the other half: ${said.join('; ')}.`,
  });
}

function figures(asked: readonly AskedLap[]): string[][] {
  const part = (what: string, belongs: (lap: AskedLap) => boolean): string[] => {
    const laps = asked.filter(belongs);
    if (laps.length === 0) return [what, '0', '–', '–', '–', '–'];
    const missed = (of: (lap: AskedLap) => number) =>
      overRaces(laps, (lap) => Math.abs(lap.timeS - of(lap))).toPrecision(3);
    const covered = overRaces(laps, ({ timeS, meanS, onceSdS, noiseSdS }) =>
      Math.abs(timeS - meanS) <= Z80 * Math.hypot(onceSdS, noiseSdS) ? 1 : 0,
    );
    return [
      what,
      String(laps.length),
      missed(({ meanS }) => meanS),
      missed(({ lastLapS }) => lastLapS),
      missed(({ freshS }) => freshS),
      `${Math.round(100 * covered)} %`,
    ];
  };
  return [
    part('in a stint, laps 1–5', ({ kind, ahead }) => kind === 'stint' && ahead <= 5),
    ...[1, 5, 10, 20].map((laps) =>
      part(`in a stint, lap ${laps}`, ({ kind, ahead }) => kind === 'stint' && ahead === laps),
    ),
    part('after a stop, laps 2–10', ({ kind, ahead }) => kind === 'stop' && ahead <= 10),
    ...[2, 5, 10, 20].map((laps) =>
      part(`after a stop, lap ${laps}`, ({ kind, ahead }) => kind === 'stop' && ahead === laps),
    ),
  ];
}

function write(group: string, prior: TyrePacePrior): void {
  const file = resolve(import.meta.dirname, `../../cloud/strategy/models/state-space/fitted/${group}.ts`);
  const text = JSON.stringify(
    prior,
    (_, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value),
    2,
  );
  writeFileSync(
    file,
    `import type { TyrePacePrior } from '../prior.js';\n\n/** Written by bench/fit/fit-state-space.ts. */\nexport const ${group.toUpperCase()}: TyrePacePrior = ${text};\n`,
  );
}
