import { PitwallError } from '#wire/errors.js';
import type { RosterEntry } from '#wire/race-records.js';
import { atTheDesk, type PeopleFlags } from '../people.js';
import { emptyEntry, ROSTER_FIELDS, type RosterField, readRoster, withFields } from '../roster-file.js';
import { correct, withEntry } from './session.js';

/** Prints who drives which car and which thing, as the engine has it. */
export async function ls(flags: PeopleFlags): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const { roster } = (await desk.race()).session;
    process.stdout.write(flags.json ? `${JSON.stringify(roster)}\n` : roster.map(line).join(''));
  });
}

/** Changes fields of one entry (key=value), or adds it. */
export async function set(entry: string, assignments: string[], flags: PeopleFlags): Promise<void> {
  const fields = fieldsOf(assignments);
  await correct(flags, ({ roster }) => {
    const known = roster.find((one) => one.entry === entry) ?? emptyEntry(entry);
    return { roster: withEntry(roster, withFields(known, fields)) };
  });
}

/** Replaces the roster by that of a file. */
export async function load(path: string, flags: PeopleFlags): Promise<void> {
  const roster = readRoster(path);
  await correct(flags, () => ({ roster }));
}

function fieldsOf(assignments: readonly string[]): Partial<Record<RosterField, string>> {
  const fields: Partial<Record<RosterField, string>> = {};
  for (const assignment of assignments) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(assignment) ?? [];
    const field = ROSTER_FIELDS.find((known) => known === name && known !== 'entry');
    if (field === undefined) {
      throw new PitwallError('PW-USAGE-ARGUMENT', {
        what: `"${assignment}" is not key=value with one of: ${ROSTER_FIELDS.slice(1).join(', ')}.`,
      });
    }
    fields[field] = value;
  }
  return fields;
}

function line({ entry, number, driver, team, cls, transponder, thing, own }: RosterEntry): string {
  const cells = [entry.padEnd(5), `#${number}`.padEnd(5), driver.padEnd(20), team.padEnd(16), cls.padEnd(8)];
  return `${cells.join(' ')} ${transponder.padEnd(10)} ${(thing ?? '-').padEnd(10)}${own ? ' own' : ''}\n`;
}
