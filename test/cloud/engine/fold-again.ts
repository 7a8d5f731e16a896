import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import type { StreamRecord } from '#cloud/streams/source.js';

/** Folds the log of shard `s0` into what an engine would know; `onRecord` sees it before each record. */
export function foldAgain(log: readonly StreamRecord[], onRecord: (core: RaceCore) => void = () => {}): RaceCore {
  const core = new RaceCore();
  for (const record of log) {
    const parsed = parseRaceRecord(record);
    const open = core.opens(parsed);
    if (open) core.begin(open);
    onRecord(core);
    core.take('s0', record, parsed);
  }
  return core;
}
