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
import { fitPrior, SETTINGS, stoppingRaces } from './prior.js';
import { pastRaces } from './races.js';

const [dataDir, ...only] = process.argv.slice(2);
const groups = pastRaces(dataDir);
const all = groups.get('other')!;
for (const [group, races] of groups) {
  if (!(group in SETTINGS) || (only.length > 0 && !only.includes(group))) continue;
  const { prior, figures } = fitPrior(group, races, stoppingRaces(group, races, all), SETTINGS[group]);
  for (const figure of figures) process.stdout.write(`${group.padEnd(7)} ${figure}\n`);
  write(group, prior);
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
