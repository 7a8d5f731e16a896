import type { RaceState, RaceTrigger } from '#cloud/race/types.js';
import type { Item } from '#cloud/streams/item.js';
import type { TableKey } from '#rules/catalog.js';
import type { TableRow } from './table-writer.js';

/** Rows that a trigger changes. A correction of a lap or call is a whole new version of its row. */
export function rowsOf(state: RaceState, trigger: RaceTrigger): { table: TableKey; row: TableRow }[] {
  const { race } = state.session;
  switch (trigger.type) {
    case 'lap': {
      const { entry, lap } = trigger;
      return [{ table: 'laps', row: lapsRow(race, 'lap', entry, lap.atMs, lap.lap, { ...lap }) }];
    }
    case 'stop': {
      const { entry, stop } = trigger;
      return [{ table: 'laps', row: lapsRow(race, 'stop', entry, stop.inMs, stop.lap, { ...stop }) }];
    }
    case 'recount': {
      const { entry, removed, version } = trigger;
      return removed.map((lap) => {
        const facts = { ...lap, version, takenBack: true };
        return { table: 'laps', row: lapsRow(race, 'lap', entry, lap.atMs, lap.lap, facts) };
      });
    }
    case 'call': {
      const call = state.calls[trigger.callId];
      if (!call) return [];
      const { callId, revision, entry } = call.call;
      const row = {
        pk: race,
        sk: `${callId}#${revision}`,
        race,
        entry,
        status: call.status,
        json: JSON.stringify(call),
      };
      return [{ table: 'calls', row }];
    }
    default:
      return [];
  }
}

/**
 * pk `<race>#<type>#<entry>`, sk `<eventTimeMs>#<lap>`, byLap `<race>#<type>#<lap>`. Where a correction moved the event
 * time both rows stand; the one with the greater `version` counts. A lap with `takenBack` is none.
 */
export function lapsRow(
  race: string,
  type: 'lap' | 'stop',
  entry: string,
  atMs: number,
  lap: number,
  facts: Item,
): TableRow {
  return {
    ...facts,
    pk: `${race}#${type}#${entry}`,
    sk: `${Math.round(atMs)}#${lap}`,
    byLap: `${race}#${type}#${lap}`,
    race,
    type,
    entry,
    lap,
  };
}
