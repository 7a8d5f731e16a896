/** Which zones there are, and what Java calls them. */
import { ZONE_TABLE } from './zone-table.js';

/** What clocks of a zone show, in English; a zone without summer time has names for it all the same. */
export interface ZoneNames {
  standard: NamePair;
  summer: NamePair;
}

interface NamePair {
  long: string;
  short: string;
}

interface ZoneFacts {
  /** The id that this one stands for. */
  id: string;
  names: ZoneNames | undefined;
}

let facts: Map<string, ZoneFacts> | undefined;

/** Undefined when there is no zone of that id; ids are case-sensitive. */
export function zoneFacts(id: string): ZoneFacts | undefined {
  facts ??= readTable();
  return facts.get(id);
}

/** Every name of some style, and one zone that has it. */
export function zonesByName(style: keyof NamePair): Map<string, string> {
  facts ??= readTable();
  const zones = new Map<string, string>();
  for (const { id, names } of facts.values()) {
    for (const pair of names === undefined ? [] : [names.standard, names.summer]) {
      if (!zones.has(pair[style])) zones.set(pair[style], id);
    }
  }
  return zones;
}

function readTable(): Map<string, ZoneFacts> {
  const table = new Map<string, ZoneFacts>();
  for (const line of ZONE_TABLE.trim().split('\n')) {
    const at = line.indexOf(': ');
    const names = namesOf(line.slice(0, at));
    for (const zone of line.slice(at + 2).split(' ')) {
      const [alias, id = alias] = zone.split('>');
      table.set(alias, { id, names });
    }
  }
  return table;
}

function namesOf(text: string): ZoneNames | undefined {
  const [standard, standardShort, summer, summerShort] = text.split('|');
  if (standard === '-') return undefined;
  return { standard: { long: standard, short: standardShort }, summer: { long: summer, short: summerShort } };
}
