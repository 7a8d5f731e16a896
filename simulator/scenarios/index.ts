import { PitwallError } from '#wire/errors.js';
import { race } from './race.js';
import type { Scenario } from './scenario.js';

/** Scenarios by name; `pitwall sim ls` prints them. */
export const scenarios: Readonly<Record<string, Scenario>> = { race };

/** Raises PW-USAGE-FLAG for a name that there is none of. */
export function scenarioNamed(name: string): Scenario {
  if (Object.hasOwn(scenarios, name)) return scenarios[name];
  throw new PitwallError('PW-USAGE-FLAG', {
    what: `--scenario ${name}: there is no such scenario.`,
    fix: `Scenarios: ${Object.keys(scenarios).join(', ')}.`,
  });
}
