import { scenarios } from '#simulator/scenarios/index.js';
import { RACE_LIKE_PHASES } from '#simulator/workloads/delivery.js';
import { PitwallError } from '#wire/errors.js';
import { EXIT } from '../exit.js';
import { positive } from '../operator.js';
import { missedThresholds, parseThresholds } from '../race/threshold.js';
import { DELIVERY_MEASURED, type DeliverySummary, describeDelivery, measuredOf } from '../sim/delivery-report.js';
import { runPolicy } from '../sim/policy-process.js';
import { POLICIES, type PolicyName } from '../sim/scaling.js';
import { configFor } from './config.js';

/** What is put on streams without a race around it. */
const WORKLOADS = {
  delivery: {
    name: 'delivery',
    about: 'Orders of a town in four phases, the last with a hot key, under three ways to scale a stream.',
  },
} as const;

export function list(flags: { json?: boolean }): void {
  const all = [
    ...Object.values(scenarios).map(({ name, about }) => ({ name, kind: 'race', about })),
    ...Object.values(WORKLOADS).map(({ name, about }) => ({ name, kind: 'workload', about })),
  ];
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(all)}\n`);
    return;
  }
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  for (const { name, kind, about } of all) {
    process.stdout.write(`${name.padEnd(width)}${kind.padEnd(10)}${about}\n`);
  }
}

interface RunFlags extends Record<string, unknown> {
  json?: boolean;
  fail?: string;
  policy?: string;
  shards?: string;
  scale?: string;
  capacity?: string;
  length?: string;
}

const WORKLOAD_FLAGS = ['policy', 'shards', 'scale', 'capacity', 'length'];
const RACE_FLAGS = ['cars', 'laps', 'speed', 'rate', 'data', 'set', 'single', 'spread'];

/** A race scenario without a screen, or a workload. */
export async function run(name: string, flags: RunFlags): Promise<void> {
  if (Object.hasOwn(scenarios, name)) {
    refuse(flags, WORKLOAD_FLAGS, `the race ${name}`);
    await (await import('./race.js')).race({ ...flags, scenario: name, headless: true });
  } else if (name === WORKLOADS.delivery.name) {
    refuse(flags, RACE_FLAGS, `the workload ${name}`);
    await runDelivery(flags);
  } else {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `There is nothing called "${name}" to run.`,
      fix: `Names: ${[...Object.keys(scenarios), ...Object.keys(WORKLOADS)].join(', ')}; pitwall sim ls describes them.`,
    });
  }
}

function refuse(flags: RunFlags, names: readonly string[], of: string): void {
  const wrong = names.find((name) => flags[name] !== undefined);
  if (wrong === undefined) return;
  throw new PitwallError('PW-USAGE-FLAG', { what: `--${wrong} is no flag of ${of}.` });
}

async function runDelivery(flags: RunFlags): Promise<void> {
  const { config } = configFor({ seed: flags.seed });
  const thresholds = parseThresholds(flags.fail, DELIVERY_MEASURED);
  const policies = policiesOf(flags.policy);
  const length = aboveZero('--length', flags.length, 1);
  const options = {
    seed: config.seed,
    shards: whole('--shards', flags.shards, 4),
    scale: aboveZero('--scale', flags.scale, 40),
    capacity: whole('--capacity', flags.capacity, 300),
    phases: RACE_LIKE_PHASES.map((phase) => ({ ...phase, durationS: phase.durationS * length })),
  };
  const stop = new AbortController();
  let interrupted = false;
  process.once('SIGINT', () => {
    interrupted = true;
    stop.abort();
  });
  const startedMs = performance.now();
  try {
    const results = await Promise.all(
      policies.map(async (policy) => {
        const result = await runPolicy({ ...options, policy }, stop.signal);
        process.stderr.write(`${policy}: ${result.records} events in ${result.raceSeconds} s of race time\n`);
        return result;
      }),
    );
    const wallSeconds = Number(((performance.now() - startedMs) / 1_000).toFixed(1));
    const { seed, scale } = options;
    const summary: DeliverySummary = {
      type: 'summary',
      workload: 'delivery',
      seed,
      scale,
      policies: results,
      wallSeconds,
    };
    process.stdout.write(`${flags.json ? JSON.stringify(summary) : describeDelivery(summary)}\n`);
    const missed = missedThresholds(thresholds, measuredOf(results));
    for (const { text } of missed) process.stderr.write(`✗ threshold missed: ${text}\n`);
    const wrong = results.filter(({ agrees }) => !agrees);
    for (const { policy } of wrong) process.stderr.write(`✗ ${policy}: the consumer's totals are not the town's\n`);
    if (wrong.length > 0) process.exitCode = EXIT.failed;
    else if (missed.length > 0) process.exitCode = EXIT.threshold;
  } catch (error) {
    stop.abort();
    if (!interrupted) throw error;
    process.exitCode = EXIT.interrupted;
  }
}

function policiesOf(text: string | undefined): readonly PolicyName[] {
  if (text === undefined) return POLICIES;
  return text.split(',').map((name) => {
    const policy = POLICIES.find((known) => known === name.trim());
    if (policy !== undefined) return policy;
    throw new PitwallError('PW-USAGE-FLAG', {
      what: `--policy ${text}: there is no policy "${name.trim()}".`,
      fix: `Policies: ${POLICIES.join(', ')}.`,
    });
  });
}

function aboveZero(flag: string, text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : positive(flag, text);
}

function whole(flag: string, text: string | undefined, otherwise: number): number {
  const value = aboveZero(flag, text, otherwise);
  if (Number.isInteger(value)) return value;
  throw new PitwallError('PW-USAGE-FLAG', { what: `${flag} is "${text}"; wanted a whole number.` });
}
