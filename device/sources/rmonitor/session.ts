import type { Flag } from '../../wire/messages.js';
import type { Counts } from '../counts.js';
import { RaceOrigin } from '../race-origin.js';
import type { TimingBody } from '../source.js';
import type { RmonitorRecord } from './record.js';

/** More cars than any circuit takes; past this the feed is broken. */
const COMPETITORS_MAX = 512;
/** A passing whose race order does not follow within so many heartbeats (seconds) goes without it. */
const HEARTBEATS_HELD = 2;
/** A correction takes back a lap or two; a feed that takes back more has lost its count, and its laps are kept. */
const TAKEN_BACK_MAX = 3;
/** A race time that falls back by more is another run's. */
const RUN_STEP_MS = 5000;

interface Competitor {
  number: string;
  transponder: string;
}

/** Laps completed, and the race time of the last passing. */
interface Progress {
  laps: number;
  totalMs: number | undefined;
}

interface HeldPassing {
  lapTimeMs: number | undefined;
  totalMs: number;
  heartbeats: number;
}

/**
 * Folds records into timing messages. A passing ($J) is told with the lap and the place that its race order ($G) brings at
 * once after it. What a server repeats to a new client (the whole state, and on some servers every thirty seconds) tells
 * nothing new: a lap is told once for each competitor.
 */
export class RmonitorSession {
  readonly #counts: Counts;
  readonly #loops: Readonly<Record<string, 'PI' | 'PO'>>;
  readonly #origin = new RaceOrigin();
  readonly #competitors = new Map<string, Competitor>();
  readonly #progress = new Map<string, Progress>();
  readonly #held = new Map<string, HeldPassing>();
  #run: string | undefined;
  #flag: Flag | undefined;
  #raceTimeMs = 0;

  /** `loops`: names of timing lines ($L) that are pit entry and exit. */
  constructor(counts: Counts, loops: Readonly<Record<string, 'PI' | 'PO'>> = {}) {
    this.#counts = counts;
    this.#loops = loops;
  }

  /** `nowMs`: when the record came, by the race clock. */
  push(record: RmonitorRecord, nowMs: number): TimingBody[] {
    switch (record.type) {
      case 'init':
        this.#reset();
        return [];
      case 'run':
        return this.#takeRun(`${record.id} ${record.description}`);
      case 'competitor':
        return this.#takeCompetitor(record);
      case 'heartbeat':
        return this.#takeHeartbeat(record, nowMs);
      case 'passing':
        return this.#takePassing(record, nowMs);
      case 'position':
        return this.#takePosition(record, nowMs);
      case 'line':
        return this.#takeLine(record, nowMs);
    }
  }

  #takeRun(run: string): TimingBody[] {
    // The competitors stay: servers name them before the run or after it.
    if (this.#run !== undefined && this.#run !== run) this.#restart();
    this.#run = run;
    return [];
  }

  #takeCompetitor({ registration, number, transponder }: RmonitorRecord & { type: 'competitor' }): TimingBody[] {
    const known = this.#competitors.get(registration);
    if (!known && this.#competitors.size >= COMPETITORS_MAX) this.#counts.add('competitorsFull');
    else this.#competitors.set(registration, { number, transponder: transponder ?? known?.transponder ?? '' });
    return [];
  }

  #takeHeartbeat({ raceTimeMs, flag }: RmonitorRecord & { type: 'heartbeat' }, nowMs: number): TimingBody[] {
    if (raceTimeMs !== undefined) {
      if (raceTimeMs < this.#raceTimeMs - RUN_STEP_MS) this.#restart();
      this.#raceTimeMs = raceTimeMs;
    }
    const bodies = this.#release(nowMs);
    if (flag === undefined) this.#counts.add('unknownFlags');
    else if (flag !== this.#flag) {
      this.#flag = flag;
      bodies.push({ kind: 'timing', type: 'flag', flag, lap: this.#leaderLaps(), eventTimeMs: nowMs });
    }
    return bodies;
  }

  #takePassing(
    { registration, lapTimeMs, totalMs }: RmonitorRecord & { type: 'passing' },
    nowMs: number,
  ): TimingBody[] {
    this.#origin.observe(nowMs, totalMs);
    const held = this.#held.get(registration);
    if (held && held.totalMs === totalMs) return [];
    // Its race order never came; the next passing shows that it is too late for it.
    const bodies = held ? this.#tellHeld(registration, held, nowMs) : [];
    const known = this.#progress.get(registration);
    if (known?.totalMs === totalMs) return bodies;
    if (this.#held.size >= COMPETITORS_MAX) this.#counts.add('competitorsFull');
    else this.#held.set(registration, { lapTimeMs, totalMs, heartbeats: 0 });
    return bodies;
  }

  #takePosition(record: RmonitorRecord & { type: 'position' }, nowMs: number): TimingBody[] {
    const { registration, position, laps, totalMs } = record;
    const held = this.#held.get(registration);
    if (held && held.totalMs === totalMs) {
      this.#held.delete(registration);
      return this.#tell(registration, laps, held.lapTimeMs, totalMs, position, nowMs);
    }
    const known = this.#progress.get(registration);
    if (!known) {
      // What a new client is told of the past: not news, and without its lap time.
      this.#remember(registration, { laps, totalMs });
      return [];
    }
    if (held || laps === known.laps) return [];
    if (laps < known.laps || totalMs === undefined) {
      this.#counts.add('corrections');
      this.#remember(registration, { laps, totalMs });
      return laps < known.laps && known.laps - laps <= TAKEN_BACK_MAX ? [this.#recount(registration, laps, nowMs)] : [];
    }
    // The passing itself was missed, while the connection was down.
    this.#counts.add('lapsMissed', laps - known.laps - 1);
    const isNext = laps === known.laps + 1 && known.totalMs !== undefined && totalMs > known.totalMs;
    const lapTimeMs = isNext && known.totalMs !== undefined && laps > 1 ? totalMs - known.totalMs : undefined;
    return this.#tell(registration, laps, lapTimeMs, totalMs, position, nowMs);
  }

  #recount(registration: string, lap: number, eventTimeMs: number): TimingBody {
    const { number, transponder } = this.#competitors.get(registration) ?? { number: registration, transponder: '' };
    return { kind: 'timing', type: 'recount', transponder, number, lap, eventTimeMs };
  }

  #takeLine({ number, line, lineName }: RmonitorRecord & { type: 'line' }, nowMs: number): TimingBody[] {
    const loop = this.#loops[lineName] ?? this.#loops[line];
    if (!loop) {
      this.#counts.add('otherLines');
      return [];
    }
    const found = [...this.#competitors].find(([, competitor]) => competitor.number === number);
    const laps = found ? (this.#progress.get(found[0])?.laps ?? 0) : 0;
    const elapsedMs = this.#origin.elapsedAt(nowMs);
    const transponder = found?.[1].transponder ?? '';
    const place = { loop, lap: laps + 1, lapTimeMs: null, position: null, elapsedMs, eventTimeMs: nowMs };
    return [{ kind: 'timing', type: 'passing', transponder, number, ...place }];
  }

  /** Tells what waited too long for its race order. */
  #release(nowMs: number): TimingBody[] {
    const bodies: TimingBody[] = [];
    for (const [registration, held] of this.#held) {
      held.heartbeats++;
      if (held.heartbeats >= HEARTBEATS_HELD) bodies.push(...this.#tellHeld(registration, held, nowMs));
    }
    return bodies;
  }

  #tellHeld(registration: string, { lapTimeMs, totalMs }: HeldPassing, nowMs: number): TimingBody[] {
    this.#held.delete(registration);
    const known = this.#progress.get(registration);
    if (!known && lapTimeMs !== undefined) {
      // Which lap it was nobody can tell.
      this.#counts.add('unplaced');
      return [];
    }
    this.#counts.add('withoutOrder');
    return this.#tell(
      registration,
      lapTimeMs === undefined ? 0 : (known?.laps ?? 0) + 1,
      lapTimeMs,
      totalMs,
      null,
      nowMs,
    );
  }

  #tell(
    registration: string,
    lap: number,
    lapTimeMs: number | undefined,
    totalMs: number,
    position: number | null,
    nowMs: number,
  ): TimingBody[] {
    this.#remember(registration, { laps: lap, totalMs });
    this.#counts.add('passings');
    const competitor = this.#competitors.get(registration);
    if (!competitor) this.#counts.add('unknownCompetitors');
    return [
      {
        kind: 'timing',
        type: 'passing',
        transponder: competitor?.transponder ?? '',
        number: competitor?.number ?? registration,
        loop: 'SF',
        lap,
        lapTimeMs: lapTimeMs ?? null,
        position,
        elapsedMs: totalMs,
        eventTimeMs: Math.min(nowMs, this.#origin.timeOf(totalMs) ?? nowMs),
      },
    ];
  }

  #remember(registration: string, progress: Progress): void {
    if (this.#progress.size >= COMPETITORS_MAX && !this.#progress.has(registration))
      this.#counts.add('competitorsFull');
    else this.#progress.set(registration, progress);
  }

  #leaderLaps(): number {
    let most = 0;
    for (const { laps } of this.#progress.values()) if (laps > most) most = laps;
    return most;
  }

  #reset(): void {
    this.#counts.add('resets');
    this.#competitors.clear();
    this.#restart();
  }

  /** The same competitors run again. */
  #restart(): void {
    this.#progress.clear();
    this.#held.clear();
    this.#origin.reset();
    this.#run = undefined;
    this.#flag = undefined;
    this.#raceTimeMs = 0;
  }
}
