import { rowsByEntry } from '#cloud/race/entries.js';
import { PitwallError } from '#wire/errors.js';
import type { RosterEntry } from '#wire/race-records.js';
import { atTheDesk, type PeopleFlags, timeOf } from '../people.js';
import { ROSTER_FIELDS, type RosterField, readRoster, withEntry } from '../roster-file.js';
import { correct } from './session.js';

/** Prints who drives which car and which thing, rows of one entry together. */
export async function ls(flags: PeopleFlags): Promise<void> {
  await atTheDesk(flags, async (desk) => {
    const { roster } = (await desk.race()).session;
    const rows = [...rowsByEntry(roster).values()].flat();
    process.stdout.write(flags.json ? `${JSON.stringify(roster)}\n` : rows.map(line).join(''));
  });
}

/** Changes fields of one entry (key=value), from a time on or throughout, or adds it. */
export async function set(entry: string, assignments: string[], flags: PeopleFlags & { from?: string }): Promise<void> {
  const fields = fieldsOf(assignments);
  const fromMs = flags.from === undefined ? undefined : timeOf('--from', flags.from);
  await correct(flags, ({ roster }) => ({ roster: withEntry(roster, entry, fields, fromMs) }));
}

/** Replaces the roster by that of a file. */
export async function load(path: string, flags: PeopleFlags): Promise<void> {
  const roster = readRoster(path);
  await correct(flags, () => ({ roster }));
}

const CHANGED: readonly RosterField[] = ROSTER_FIELDS.filter((field) => field !== 'entry' && field !== 'fromMs');

function fieldsOf(assignments: readonly string[]): Partial<Record<RosterField, string>> {
  const fields: Partial<Record<RosterField, string>> = {};
  for (const assignment of assignments) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(assignment) ?? [];
    const field = ROSTER_FIELDS.find((known) => known === name && CHANGED.includes(known));
    if (field === undefined) {
      throw new PitwallError('PW-USAGE-ARGUMENT', {
        what: `"${assignment}" is not key=value with one of: ${CHANGED.join(', ')}.`,
      });
    }
    fields[field] = value;
  }
  return fields;
}

function line({ entry, number, driver, team, cls, transponder, thing, own, fromMs }: RosterEntry): string {
  const from = fromMs === undefined ? '' : ` from ${new Date(fromMs).toISOString()}`;
  const cells = [entry.padEnd(5), `#${number}`.padEnd(5), driver.padEnd(20), team.padEnd(16), cls.padEnd(8)];
  return `${cells.join(' ')} ${transponder.padEnd(10)} ${(thing ?? '-').padEnd(10)}${own ? ' own' : ''}${from}\n`;
}
