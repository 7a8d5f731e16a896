/**
 * Fits what the strategy models know before a race, on races that are over, and writes it to
 * `cloud/strategy/models/fitted/<group>.ts`. Prints the errors that each fit makes on races it has not seen.
 *
 *     node --conditions=source --import tsx bench/fit/fit.ts DATA [GROUP…]
 *
 * DATA is a folder as `pitwall strategy backtest` reads it. It never runs in the product.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Prior } from '#cloud/strategy/models/fitted/types.js';
import { fitPacePrior } from './fit-pace.js';
import { pastRaces } from './races.js';

/** Relative to the diagonal: the fewer races, the more is left of what repeating the last lap says. */
const RIDGE: Record<string, number> = { f1: 0.003, nascar: 0.1, wec: 0.3, other: 0.1 };

const [dataDir, ...only] = process.argv.slice(2);
for (const [group, races] of pastRaces(dataDir)) {
  if (!(group in RIDGE) || (only.length > 0 && !only.includes(group))) continue;
  const pace = fitPacePrior(races, RIDGE[group]);
  const { cv, inSample, lastLap } = pace.maeS;
  const figures = [
    `next laps ${short(cv)} s cross-validated, ${short(inSample)} s in sample, last lap ${short(lastLap)} s`,
  ];
  for (const figure of figures) process.stdout.write(`${group}: ${figure}\n`);
  const source = `Fitted on ${races.length} races; cross-validated over races: ${figures.join('; ')}.`;
  write(group, { source, pace: pace.prior });
}

function write(group: string, prior: Prior): void {
  const file = resolve(import.meta.dirname, `../../cloud/strategy/models/fitted/${group}.ts`);
  const text = JSON.stringify(
    prior,
    (_, value) => (typeof value === 'number' ? Number(value.toPrecision(5)) : value),
    2,
  );
  writeFileSync(
    file,
    `import type { Prior } from './types.js';\n\n/** Written by bench/fit/fit.ts. */\nexport const ${group.toUpperCase()}: Prior = ${text};\n`,
  );
}

function short(value: number): string {
  return value.toPrecision(3);
}
