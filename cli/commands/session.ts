import { RULES } from '#cloud/race/rules/rules.js';
import { PitwallError } from '#wire/errors.js';
import type { RulesId, SessionOpen } from '#wire/race-records.js';
import { atTheDesk, type PeopleFlags, wholeNumber } from '../people.js';
import { readRoster } from '../roster-file.js';

interface FigureFlags extends PeopleFlags {
  name?: string;
  track?: string;
  laps?: string;
  duration?: string;
  series?: string;
  rules?: string;
  stages?: string;
  timing?: string;
  pitToCar?: string;
  tankKg?: string;
  fuelPerLapKg?: string;
  pitLossMs?: string;
  tyreLifeLaps?: string;
}

const PIT_TO_CAR = ['none', 'display', 'setup'] as const;
/** The thing of the trackside agent, unless named. */
const TIMING_THING = 'track-1';
/** What is assumed of a car until it is observed: a stock car on an oval [judgement]; name your own. */
const CAR: SessionOpen['car'] = { tankKg: 50, fuelPerLapKg: 2, pitLossMs: 30_000, tyreLifeLaps: 30 };

const CAR_FLAGS = [
  ['tankKg', '--tank-kg'],
  ['fuelPerLapKg', '--fuel-per-lap-kg'],
  ['pitLossMs', '--pit-loss-ms'],
  ['tyreLifeLaps', '--tyre-life-laps'],
] as const;

/** Opens a race: an engine that is idle takes it, one that has an older race goes over to it. */
export async function open(race: string, flags: FigureFlags & { roster: string; seed?: string }): Promise<void> {
  const roster = readRoster(flags.roster);
  if (flags.laps === undefined && flags.duration === undefined) {
    throw wanted('--laps', flags.laps, 'the number of laps of the race, or --duration for a race by the clock');
  }
  const seed = wholeNumber('--seed', flags.seed) ?? 1;
  await atTheDesk(flags, async (desk) => {
    const record: SessionOpen = {
      ...(await desk.sign('open')),
      kind: 'session',
      type: 'open',
      race,
      name: race,
      track: '',
      lapsTotal: null,
      timingThing: TIMING_THING,
      pitToCar: 'none',
      car: CAR,
      roster,
      seed,
      ...changed(flags, CAR),
    };
    await desk.put(record);
    say(flags, record, `${race} is open with ${roster.length} entries`);
  });
}

/** Corrects what a session says: shortened or extended, another name, other figures. No record is rewritten. */
export async function relabel(flags: FigureFlags): Promise<void> {
  await correct(flags, (session) => changed(flags, session.car));
}

export async function close(flags: PeopleFlags): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const { race } = (await desk.race()).session;
    const record = { ...(await desk.sign('close')), kind: 'session', type: 'close', race } as const;
    await desk.put(record);
    say(flags, record, `${race} is closed`);
  });
}

/** Puts the session once more, with corrections: the engine takes the later word (decision 7). */
export async function correct(
  flags: PeopleFlags,
  corrections: (session: SessionOpen) => Partial<SessionOpen>,
): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const { session } = await desk.race();
    const changes = corrections(session);
    if (Object.keys(changes).length === 0) {
      throw new PitwallError('PW-USAGE-FLAG', {
        what: 'Nothing was given that could be corrected.',
        fix: 'pitwall session relabel --laps 45; all that it takes: pitwall session relabel --help',
      });
    }
    const record: SessionOpen = { ...session, ...(await desk.sign('relabel')), ...changes };
    await desk.put(record);
    say(flags, record, `${session.race}: corrected ${Object.keys(changes).join(', ')}`);
  });
}

/** The flags that were given, as fields of a session. Raises PW-USAGE-FLAG. */
function changed(flags: FigureFlags, known: SessionOpen['car']): Partial<SessionOpen> {
  const changes: Partial<SessionOpen> = {};
  if (flags.name !== undefined) changes.name = flags.name;
  if (flags.track !== undefined) changes.track = flags.track;
  if (flags.laps !== undefined) changes.lapsTotal = lapsOf(flags.laps);
  if (flags.duration !== undefined) changes.durationMs = durationOf(flags.duration);
  if (flags.series !== undefined) changes.series = seriesOf(flags.series);
  if (flags.rules !== undefined) changes.rules = rulesOf(flags.rules);
  if (flags.stages !== undefined) changes.stageEnds = stageEndsOf(flags.stages);
  if (flags.timing !== undefined) changes.timingThing = flags.timing;
  if (flags.pitToCar !== undefined) changes.pitToCar = pitToCarOf(flags.pitToCar);
  const car = { ...known };
  for (const [name, flag] of CAR_FLAGS) {
    const text = flags[name];
    if (text === undefined) continue;
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value))) throw wanted(flag, text, 'a number above 0');
    car[name] = value;
    changes.car = car;
  }
  return changes;
}

function lapsOf(text: string): number {
  const laps = Number(text);
  if (Number.isInteger(laps) && laps > 0) return laps;
  throw wanted('--laps', text, 'the number of laps of the race');
}

const MS_OF_UNIT = { h: 3_600_000, min: 60_000 } as const;

function durationOf(text: string): number {
  const [, figure, unit] = /^(\d+(?:\.\d+)?)(h|min)$/.exec(text) ?? [];
  const ms = Math.round(Number(figure) * MS_OF_UNIT[unit as keyof typeof MS_OF_UNIT]);
  if (ms > 0) return ms;
  throw wanted('--duration', text, 'a time such as 6h, 2.4h or 45min');
}

function seriesOf(text: string): string {
  if (/^[a-z0-9_]{1,40}$/.test(text)) return text;
  throw wanted('--series', text, 'a name such as nascar, f1, wec or grcup');
}

function rulesOf(text: string): RulesId {
  if (Object.hasOwn(RULES, text)) return text as RulesId;
  throw wanted('--rules', text, Object.keys(RULES).join(', '));
}

function stageEndsOf(text: string): number[] {
  const laps = text.split(',').map(Number);
  const isAscending = laps.every((lap, index) => Number.isInteger(lap) && lap > (index === 0 ? 0 : laps[index - 1]));
  if (!isAscending) throw wanted('--stages', text, 'laps in ascending order, such as 60,120');
  return laps;
}

function pitToCarOf(text: string): SessionOpen['pitToCar'] {
  const found = PIT_TO_CAR.find((known) => known === text);
  if (found === undefined) throw wanted('--pit-to-car', text, PIT_TO_CAR.join(', '));
  return found;
}

function wanted(flag: string, text: string | undefined, what: string): PitwallError {
  return new PitwallError('PW-USAGE-FLAG', { what: `${flag} is ${text ?? 'not given'}; wanted ${what}.` });
}

function say(flags: PeopleFlags, record: object, words: string): void {
  process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : `${words}\n`);
}
