import type { Term } from './operators.js';
import type { Signals } from './signals.js';

/** A bare name that is no channel. A channel of the same name is read in quotes. */
interface BuiltIn {
  type: 'number' | 'condition';
  unit?: string;
  /** Changes with the samples of the channel that gives the distance. */
  isMoved?: true;
  /** Why this agent cannot answer; undefined when it can. */
  lack?: (signals: Signals) => string | undefined;
  term: (signals: Signals) => Term;
}

function lacksDistance({ position }: Signals): string | undefined {
  return position.channel < 0
    ? 'No distance without a channel "distance" in m, "speed" in km/h or m/s, or track.distanceChannel'
    : undefined;
}

export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map<string, BuiltIn>([
  [
    'lap',
    {
      type: 'number',
      term:
        ({ position }) =>
        () =>
          position.lap,
    },
  ],
  [
    'lapTimeMs',
    {
      type: 'number',
      unit: 'ms',
      term:
        ({ position }) =>
        () =>
          position.lapTimeMs,
    },
  ],
  [
    'distance',
    {
      type: 'number',
      unit: 'm',
      isMoved: true,
      lack: lacksDistance,
      term:
        ({ position }) =>
        () =>
          position.distanceM(),
    },
  ],
  [
    'sector',
    {
      type: 'number',
      isMoved: true,
      lack: (signals) =>
        signals.position.sectorStartsM.length === 0 ? 'No sector without track.sectorStartsM' : lacksDistance(signals),
      term:
        ({ position }) =>
        () =>
          position.sector(),
    },
  ],
  ['linkUp', { type: 'condition', term: (signals) => () => signals.linkUp }],
  ['rttMs', { type: 'number', unit: 'ms', term: (signals) => () => signals.rttMs }],
]);
