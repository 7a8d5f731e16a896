/** A real race as the records that a timing agent would have sent. */
import type { Flag, TimingMessage } from '#wire/messages.js';
import type { SessionOpen } from '#wire/race-records.js';
import { rosterEntry, START_MS, sessionOpen, TimingFeed } from './race-records.js';
import { readSharedRace, type SharedLap } from './shared-data.js';

/** Flags of the data files; V is the virtual safety car, y a local yellow at racing speed. */
const FLAGS: Record<string, Flag> = { G: 'green', Y: 'yellow', S: 'yellow', V: 'yellow', R: 'red', C: 'green' };

export interface SharedRaceRecords {
  open: SessionOpen;
  /** In the order of event time. */
  records: TimingMessage[];
  laps: SharedLap[];
}

export function sharedRaceRecords(id: string, car: SessionOpen['car']): SharedRaceRecords {
  const laps = readSharedRace(id).filter((row) => row.lapTimeS !== null && row.elapsedS !== null);
  const feed = new TimingFeed();
  const records: TimingMessage[] = [feed.flag('green', 0, START_MS)];
  const cars = [...new Set(laps.map((row) => row.car))];
  for (const row of laps) {
    const atMs = START_MS + Math.round(row.elapsedS! * 1000);
    const lapTimeMs = Math.round(row.lapTimeS! * 1000);
    if (row.pitOut) records.push(feed.passing(row.car, row.lap, atMs - lapTimeMs + 5_000, { loop: 'PO' }));
    if (row.pitIn) records.push(feed.passing(row.car, row.lap, atMs - 5_000, { loop: 'PI' }));
    records.push(feed.passing(row.car, row.lap, atMs, { lapTimeMs, position: row.pos }));
  }
  records.push(...leaderFlags(laps, feed));
  records.sort((a, b) => a.eventTimeMs - b.eventTimeMs);
  const open = sessionOpen({
    lapsTotal: Math.max(...laps.map((row) => row.lap)),
    car,
    roster: cars.map((entry, index) => rosterEntry(entry, { own: index === 0 })),
  });
  return { open, records, laps };
}

/** The leader's flag of each lap, shown when that lap began. */
function leaderFlags(laps: readonly SharedLap[], feed: TimingFeed): TimingMessage[] {
  const firstOfLap = new Map<number, SharedLap>();
  for (const row of laps) {
    const known = firstOfLap.get(row.lap);
    if (known === undefined || row.elapsedS! < known.elapsedS!) firstOfLap.set(row.lap, row);
  }
  const flags: TimingMessage[] = [];
  let shown: Flag = 'green';
  for (const [lap, row] of [...firstOfLap].sort(([a], [b]) => a - b)) {
    const flag = FLAGS[row.flag] ?? 'green';
    if (flag === shown) continue;
    shown = flag;
    flags.push(feed.flag(flag, lap - 1, START_MS + Math.round((row.elapsedS! - row.lapTimeS!) * 1000)));
  }
  return flags;
}
