/** Makes `rules/sql/time/zone-table.ts` from what Joda-Time and Java know. */
import { ask } from './oracle.js';

/** Etc/GMT+5 and a few others have none. */
const NAMELESS = '-';

export function zoneTable(jar: string): string {
  const [[ids] = []] = ask(jar, [['ids']]);
  const all = ids.split(' ').toSorted();
  const rows = new Map<string, string[]>();
  ask(
    jar,
    all.map((id) => ['zone', id]),
  ).forEach((answer, i) => {
    const [stands, names] = answer!;
    const row = names === '' ? NAMELESS : names;
    rows.set(row, [...(rows.get(row) ?? []), stands === all[i] ? all[i] : `${all[i]}>${stands}`]);
  });
  const lines = [...rows].map(([names, zones]) => `${names}: ${zones.join(' ')}`).toSorted();
  return `/**
 * Every zone that Joda-Time knows by an id, and what Java calls it in English: a line is
 * \`standard time|short|summer time|short: zones\`, and \`alias>zone\` an id that stands for another.
 * Made by test/interop/java/write.ts.
 */
export const ZONE_TABLE = \`
${lines.join('\n')}
\`;
`;
}
