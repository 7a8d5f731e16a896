import { canKind } from './can/can.js';
import { csvKind } from './csv/csv.js';
import { logTailKind } from './log-tail/log-tail.js';
import { nmeaKind } from './nmea/nmea.js';
import { rmonitorKind } from './rmonitor/rmonitor.js';
import { simulatedKind } from './simulated.js';
import type { SourceKind } from './source.js';
import { timingKind } from './timing/timing.js';

/** Every kind of source that a configuration can name. */
export const SOURCE_KINDS: readonly SourceKind[] = [
  canKind,
  csvKind,
  logTailKind,
  nmeaKind,
  rmonitorKind,
  simulatedKind,
  timingKind,
];
