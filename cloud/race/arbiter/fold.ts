import { resolveLaps } from './resolve.js';
import { compareObservations } from './total-order.js';
import type { Observation, ResolvedLap, Source } from './types.js';

/** Observations that one resolution looks at: some 40 laps of both sources. Older laps stand as they were found. */
export const WINDOW_OBSERVATIONS = 96;
/** As many again are kept, so that one that comes late is folded where it belongs, with all that was before it. */
const KEPT_OBSERVATIONS = 2 * WINDOW_OBSERVATIONS;

/** The value of one lap, and how often it was told anew: 1 = first told. */
export interface VersionedLap {
  lap: number;
  lapTimeMs: number;
  source: Source;
  confidence: number;
  version: number;
}

/** A lap whose value was withdrawn keeps its count of versions, so that a version is never used twice. */
interface LapRecord {
  value: Omit<VersionedLap, 'lap' | 'version'> | null;
  version: number;
  atMs: number;
}

interface Step {
  observation: Observation;
  /** What the laps were that this step changed; undefined: not known before. */
  before: [lap: number, record: LapRecord | undefined][];
}

/**
 * The laps of one car as a fold over its observations in their total order. Whatever order they come in, laps and versions
 * are those of that order: one that comes late undoes the steps behind its place, and they are done again.
 *
 * @example
 * const fold = new LapFold();
 * fold.add({ source: 'car', receivedAt: 1000, car: '24', lap: 3, lapTimeMs: 90_040 });
 * fold.add({ source: 'timing', receivedAt: 1200, car: '24', lap: 2, lapTimeMs: 90_000 });
 * fold.laps(); // [{ lap: 2, lapTimeMs: 90000, source: 'timing', confidence: 1, version: 2 }]
 */
export class LapFold {
  /** Observations that came after so many later ones that their place is no longer kept. */
  tooLate = 0;
  readonly #steps: Step[] = [];
  readonly #laps = new Map<number, LapRecord>();
  /** Whether old observations have been let go. */
  #bounded = false;

  /** False when it was known already, or came too late (counted). */
  add(observation: Observation): boolean {
    let at = this.#steps.length;
    while (at > 0) {
      const order = compareObservations(this.#steps[at - 1].observation, observation);
      if (order === 0) return false;
      if (order < 0) break;
      at--;
    }
    // What stood in its window before it would be missing.
    if (this.#bounded && at < WINDOW_OBSERVATIONS) {
      this.tooLate++;
      return false;
    }
    const redo = this.#undo(at);
    this.#do(observation);
    for (const later of redo) this.#do(later);
    return true;
  }

  /** Ascending by lap. */
  laps(): VersionedLap[] {
    const laps: VersionedLap[] = [];
    for (const [lap, { value, version }] of this.#laps) if (value !== null) laps.push({ lap, ...value, version });
    return laps.sort((a, b) => a.lap - b.lap);
  }

  #undo(from: number): Observation[] {
    const undone = this.#steps.splice(from);
    for (let i = undone.length - 1; i >= 0; i--) {
      for (const [lap, record] of undone[i].before) {
        if (record === undefined) this.#laps.delete(lap);
        else this.#laps.set(lap, record);
      }
    }
    return undone.map(({ observation }) => observation);
  }

  #do(observation: Observation): void {
    const step: Step = { observation, before: [] };
    this.#steps.push(step);
    const window: Observation[] = [];
    for (let i = Math.max(0, this.#steps.length - WINDOW_OBSERVATIONS); i < this.#steps.length; i++) {
      window.push(this.#steps[i].observation);
    }
    const { laps } = resolveLaps(window);
    for (const lap of laps) this.#tell(step, lap);
    const told = new Set(laps.map(({ lap }) => lap));
    // What the window no longer reaches back to stands; within it, a lap that no longer follows is withdrawn.
    const fromMs =
      this.#steps.length > WINDOW_OBSERVATIONS ? (laps[0]?.atMs ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY;
    this.#laps.forEach((record, lap) => {
      if (record.atMs < fromMs || record.value === null || told.has(lap)) return;
      step.before.push([lap, record]);
      this.#laps.set(lap, { ...record, value: null });
    });
    if (this.#steps.length <= KEPT_OBSERVATIONS) return;
    this.#steps.shift();
    this.#bounded = true;
  }

  #tell(step: Step, { lap, lapTimeMs, source, confidence, atMs }: ResolvedLap): void {
    const known = this.#laps.get(lap);
    const value = known?.value;
    const same = value?.lapTimeMs === lapTimeMs && value.source === source;
    if (same && value.confidence === confidence && known?.atMs === atMs) return;
    step.before.push([lap, known]);
    const version = (known?.version ?? 0) + (same ? 0 : 1);
    this.#laps.set(lap, { value: { lapTimeMs, source, confidence }, version, atMs });
  }
}

/** A lap of some car. */
export interface CarLap extends VersionedLap {
  car: string;
}

/**
 * All laps of all cars, by car (as text), then lap. The same for every order of the observations.
 *
 * @param observations in any order; equal ones count once
 */
export function arbitrate(observations: readonly Observation[]): CarLap[] {
  const folds = new Map<string, LapFold>();
  for (const observation of [...observations].sort(compareObservations)) {
    const fold = folds.get(observation.car) ?? new LapFold();
    folds.set(observation.car, fold);
    fold.add(observation);
  }
  const cars = [...folds].sort(([a], [b]) => (a < b ? -1 : 1));
  return cars.flatMap(([car, fold]) => fold.laps().map((lap) => ({ car, ...lap })));
}
