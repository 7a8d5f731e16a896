import type { Flag } from '../../wire/messages.js';
import type { Counts } from '../counts.js';
import { RaceOrigin } from '../race-origin.js';
import type { TimingBody } from '../source.js';
import type { LiveFeed, PitReport, PitVisit, Vehicle } from './live-feed.js';

/** What was told of a vehicle. */
interface Told {
  laps: number;
  isOut: boolean;
  /** Race times of the pit entries and exits that were told. */
  ins: Set<number>;
  outs: Set<number>;
  reports: Set<number>;
}

/** A correction takes back a lap or two; a feed that takes back more has lost its count, and its laps are kept. */
const TAKEN_BACK_MAX = 3;

/**
 * One poll after the other → what happened in between, each thing once: a lap by (car, lap), a pit entry or exit by (car,
 * race time), a stop by (car, race time of its entry), a flag by its change. The same poll again tells nothing.
 *
 * Times of the feed are race times; the clock's time of them comes from `RaceOrigin`. The first poll tells the last lap and
 * the stops of each car, so that who joins late knows the stints.
 */
export class FeedChanges {
  readonly #counts: Counts;
  readonly #origin = new RaceOrigin();
  readonly #told = new Map<string, Told>();
  #run: string | undefined;
  #flag: Flag | undefined;

  constructor(counts: Counts) {
    this.#counts = counts;
  }

  /** `nowMs`: when the answer came, by the race clock. Bodies are in order of time. */
  take(feed: LiveFeed, nowMs: number): TimingBody[] {
    if (feed.run !== this.#run) {
      if (this.#run !== undefined) this.#counts.add('runs');
      this.#run = feed.run;
      this.#told.clear();
      this.#origin.reset();
      this.#flag = undefined;
    }
    this.#origin.observe(nowMs, feed.elapsedMs);
    const bodies: TimingBody[] = [];
    if (feed.flag !== undefined && feed.flag !== this.#flag) {
      this.#flag = feed.flag;
      this.#counts.add('flags');
      bodies.push({ kind: 'timing', type: 'flag', flag: feed.flag, lap: feed.leaderLap, eventTimeMs: nowMs });
    }
    for (const vehicle of feed.vehicles) bodies.push(...this.#takeVehicle(vehicle, nowMs));
    return bodies.sort((a, b) => (a.eventTimeMs ?? nowMs) - (b.eventTimeMs ?? nowMs));
  }

  /** Reports before the first feed wait for it: without it there is no clock for them. */
  takeReports(reports: readonly PitReport[], nowMs: number): TimingBody[] {
    if (this.#run === undefined) return [];
    return reports.flatMap(({ number, inMs, outMs, lapsCompleted, boxTimeMs, laneTimeMs, tyresChanged }) => {
      const told = this.#toldOf(number, 0);
      if (told.reports.has(inMs)) return [];
      told.reports.add(inMs);
      this.#counts.add('stops');
      const stop = { lap: lapsCompleted + 1, boxTimeMs, laneTimeMs, tyresChanged };
      return [{ kind: 'timing', type: 'stop', number, ...stop, eventTimeMs: this.#timeOf(outMs, nowMs) }];
    });
  }

  #takeVehicle(vehicle: Vehicle, nowMs: number): TimingBody[] {
    const { number, lapsCompleted, isOut } = vehicle;
    const isNew = !this.#told.has(number);
    const told = this.#toldOf(number, lapsCompleted);
    const bodies: TimingBody[] = [];
    if (isNew ? lapsCompleted > 0 : lapsCompleted > told.laps) {
      if (!isNew) this.#counts.add('lapsMissed', lapsCompleted - told.laps - 1);
      bodies.push(this.#lap(vehicle, nowMs));
    } else if (lapsCompleted < told.laps) {
      this.#counts.add('corrections');
      if (told.laps - lapsCompleted <= TAKEN_BACK_MAX) bodies.push(recount(number, lapsCompleted, nowMs));
    }
    told.laps = lapsCompleted;
    for (const visit of vehicle.stops) bodies.push(...this.#takeVisit(vehicle, visit, told, nowMs));
    if (isOut && !told.isOut) {
      this.#counts.add('retirements');
      bodies.push({ kind: 'timing', type: 'retirement', number, lap: lapsCompleted, eventTimeMs: nowMs });
    }
    told.isOut = isOut;
    return bodies;
  }

  #lap({ number, lapsCompleted, lapTimeMs, position, elapsedMs }: Vehicle, nowMs: number): TimingBody {
    this.#counts.add('laps');
    return this.#passing(number, 'SF', { lap: lapsCompleted, lapTimeMs, position, elapsedMs }, nowMs);
  }

  #takeVisit(vehicle: Vehicle, visit: PitVisit, told: Told, nowMs: number): TimingBody[] {
    const { inMs, outMs, lapsCompleted } = visit;
    const bodies: TimingBody[] = [];
    const rest = { lapTimeMs: null, position: null };
    if (!told.ins.has(inMs)) {
      told.ins.add(inMs);
      this.#counts.add('pitEntries');
      bodies.push(this.#passing(vehicle.number, 'PI', { lap: lapsCompleted + 1, ...rest, elapsedMs: inMs }, nowMs));
    }
    if (outMs !== null && !told.outs.has(outMs)) {
      told.outs.add(outMs);
      this.#counts.add('pitExits');
      const lap = lapAtExit(vehicle, lapsCompleted, outMs);
      bodies.push(this.#passing(vehicle.number, 'PO', { lap, ...rest, elapsedMs: outMs }, nowMs));
    }
    return bodies;
  }

  #passing(
    number: string,
    loop: 'SF' | 'PI' | 'PO',
    at: { lap: number; lapTimeMs: number | null; position: number | null; elapsedMs: number },
    nowMs: number,
  ): TimingBody {
    // The feed does not name transponders.
    const eventTimeMs = this.#timeOf(at.elapsedMs, nowMs);
    return { kind: 'timing', type: 'passing', transponder: '', number, loop, ...at, eventTimeMs };
  }

  #timeOf(elapsedMs: number, nowMs: number): number {
    return Math.min(nowMs, this.#origin.timeOf(elapsedMs) ?? nowMs);
  }

  #toldOf(number: string, laps: number): Told {
    let told = this.#told.get(number);
    if (!told) {
      told = { laps, isOut: false, ins: new Set(), outs: new Set(), reports: new Set() };
      this.#told.set(number, told);
    }
    return told;
  }
}

function recount(number: string, lap: number, eventTimeMs: number): TimingBody {
  return { kind: 'timing', type: 'recount', transponder: '', number, lap, eventTimeMs };
}

/**
 * The lap under way at pit exit. Where the line is crossed in the pit lane, as at most ovals, a lap ends between entry and
 * exit; whether it did is known while the car's last crossing is that one.
 */
function lapAtExit({ lapsCompleted, elapsedMs }: Vehicle, lapsAtEntry: number, outMs: number): number {
  const hasCrossed = lapsCompleted > lapsAtEntry;
  const crossedAfterExit = lapsCompleted === lapsAtEntry + 1 && elapsedMs > outMs;
  return lapsAtEntry + (hasCrossed && !crossedAfterExit ? 2 : 1);
}
