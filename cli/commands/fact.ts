import { FACT_TYPES, whyNotAFact } from '#cloud/race/facts/fact-types.js';
import { factsInForce } from '#cloud/race/facts/in-force.js';
import type { PersonFact, RaceState } from '#cloud/race/types.js';
import { PitwallError } from '#wire/errors.js';
import { nearest } from '#wire/nearest.js';
import type { FactType } from '#wire/race-records.js';
import { atTheDesk, type PeopleFlags, wholeNumber } from '../people.js';

interface AddFlags extends PeopleFlags {
  entry?: string;
  lap?: string;
  value: string;
}

/** States a fact about an entry, or without --entry about the race, and prints the id by which it can be undone. */
export async function add(type: string, flags: AddFlags): Promise<void> {
  const lap = wholeNumber('--lap', flags.lap) ?? null;
  const fact = { type: type as FactType, entry: flags.entry ?? null, lap, value: parsedValue(type, flags.value) };
  const why = whyNotAFact(fact);
  if (why !== null) {
    const near = nearest(type, Object.keys(FACT_TYPES));
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `Not a fact: ${why}.`,
      ...(near && near !== type && { fix: `Did you mean ${near}?` }),
    });
  }
  await atTheDesk(flags, async (desk) => {
    const state = await desk.race();
    if (fact.entry !== null && state.entries[fact.entry] === undefined) throw unknownEntry(fact.entry, state);
    const record = { ...(await desk.sign('fact')), kind: 'fact', race: state.session.race, ...fact } as const;
    await desk.put(record);
    const { inputId } = record;
    process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : `${inputId}\n`);
    process.stderr.write(`Take it back with: pitwall fact undo ${inputId}\n`);
  });
}

/** Takes a fact back. */
export async function undo(undoes: string, flags: PeopleFlags): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const state = await desk.race();
    const { race } = state.session;
    if (listed(state).every(({ inputId }) => inputId !== undoes)) {
      throw new PitwallError('PW-USAGE-ARGUMENT', {
        what: `There is no fact "${undoes}" in ${race}.`,
        fix: 'See them with: pitwall fact ls',
      });
    }
    const record = { ...(await desk.sign('undo')), kind: 'fact', type: 'undo', race, undoes } as const;
    await desk.put(record);
    process.stdout.write(flags.json ? `${JSON.stringify(record)}\n` : `${undoes} is taken back\n`);
  });
}

interface Listed extends PersonFact {
  entry: string | null;
  /** In force, replaced by a later one, or undone. */
  state: 'counts' | 'replaced' | 'undone';
  undoneBy?: string;
}

/** Prints what people said, and what of it counts. */
export async function ls(flags: PeopleFlags & { entry?: string }): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const facts = listed(await desk.race()).filter(({ entry }) => flags.entry === undefined || entry === flags.entry);
    if (flags.json) for (const fact of facts) process.stdout.write(`${JSON.stringify(fact)}\n`);
    else process.stdout.write(facts.length === 0 ? 'Nobody has said anything yet.\n' : facts.map(line).join(''));
  });
}

function listed(state: RaceState): Listed[] {
  const of = (entry: string | null, facts: readonly PersonFact[]): Listed[] =>
    facts.map((fact) => {
      const undone = state.undone.find(({ undoes }) => undoes === fact.inputId);
      if (undone !== undefined) return { ...fact, entry, state: 'undone', undoneBy: undone.author };
      return { ...fact, entry, state: factsInForce(state, facts, fact.type).includes(fact) ? 'counts' : 'replaced' };
    });
  const all = [of(null, state.facts), ...Object.entries(state.entries).map(([key, { facts }]) => of(key, facts))];
  return all.flat().sort((a, b) => a.atMs - b.atMs || (a.inputId < b.inputId ? -1 : 1));
}

function line({ inputId, entry, lap, type, value, author, atMs, state, undoneBy }: Listed): string {
  const where = `${entry === null ? 'race' : `car ${entry}`}${lap === null ? '' : ` lap ${lap}`}`;
  const fate = state === 'undone' ? `undone by ${undoneBy}` : state;
  const time = new Date(atMs).toISOString();
  return `${inputId}  ${time}  ${where.padEnd(14)} ${type.padEnd(10)} ${String(value).padEnd(12)} ${author}  ${fate}\n`;
}

/** Words where the fact takes words (a set of tyres may be called 4), else a number. */
function parsedValue(type: string, text: string): number | string {
  const takesWords = Object.hasOwn(FACT_TYPES, type) && FACT_TYPES[type as FactType].takes(text);
  const number = Number(text);
  return !takesWords && text.trim() !== '' && Number.isFinite(number) ? number : text;
}

function unknownEntry(entry: string, { session, entries }: RaceState): PitwallError {
  return new PitwallError('PW-USAGE-ARGUMENT', {
    what: `There is no entry "${entry}" in ${session.race}; there are: ${Object.keys(entries).join(', ')}.`,
    fix: 'See them with: pitwall roster ls',
  });
}
