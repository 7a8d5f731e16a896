/** How often a stage was reached, and how long after the first. */
export interface StageFigures {
  reached: number;
  /** Mean time from the first stage to this one, of those of which both are known; null when there is none. */
  meanMs: number | null;
}

export interface LifecycleFigures<Stage extends string> {
  stages: Record<Stage, StageFigures>;
  /** Known and not at the last stage. */
  open: number;
  /** Given up because there were too many, counted in the stages all the same. */
  forgotten: number;
}

/** When a thing reached each stage, epoch ms, in the order of the stages. */
type Times = (number | undefined)[];

/** Bound on what is remembered one by one. */
const KEPT_MAX = 200_000;

/**
 * Things that go through the same stages, and how long that takes them: orders (created → assigned → completed), pit calls
 * (called → acknowledged → done). Of each thing the earliest time of each stage counts, so that repeats change nothing and
 * the order of arrival does not matter; a time before that of the first stage, by clocks that disagree, counts as no delay.
 *
 * @example
 * const orders = new Lifecycles(['created', 'assigned', 'completed']);
 * orders.observe('order-1', 'created', 1_000);
 * orders.observe('order-1', 'assigned', 31_000);
 * orders.figures().stages.assigned; // { reached: 1, meanMs: 30000 }
 */
export class Lifecycles<Stage extends string> {
  readonly #stages: readonly Stage[];
  readonly #keptMax: number;
  /** Oldest first; those at the last stage apart, because they are forgotten first. */
  readonly #open = new Map<string, Times>();
  readonly #done = new Map<string, Times>();
  readonly #reached: number[];
  /** Of each stage: how many count for its mean, and the sum of their times since the first. */
  readonly #timed: { count: number; sumMs: number }[];
  #forgotten = 0;

  constructor(stages: readonly Stage[], keptMax = KEPT_MAX) {
    this.#stages = stages;
    this.#keptMax = keptMax;
    this.#reached = stages.map(() => 0);
    this.#timed = stages.map(() => ({ count: 0, sumMs: 0 }));
  }

  /** True when this is the first that is heard of the stage of that thing. */
  observe(id: string, stage: Stage, atMs: number): boolean {
    const index = this.#stages.indexOf(stage);
    const times = this.#open.get(id) ?? this.#done.get(id) ?? this.#add(id);
    const before = times[index];
    // Whole milliseconds: sums of them are exact, whatever their order.
    const earliestMs = Math.min(before ?? Number.POSITIVE_INFINITY, Math.round(atMs));
    if (before === earliestMs) return false;
    this.#time(times, -1);
    times[index] = earliestMs;
    this.#time(times, 1);
    if (before !== undefined) return false;
    this.#reached[index]++;
    if (index === this.#stages.length - 1) {
      this.#open.delete(id);
      this.#done.set(id, times);
    }
    return true;
  }

  figures(): LifecycleFigures<Stage> {
    const stages = this.#stages.map((stage, index): [Stage, StageFigures] => {
      const { count, sumMs } = this.#timed[index];
      return [stage, { reached: this.#reached[index], meanMs: count === 0 ? null : sumMs / count }];
    });
    return {
      stages: Object.fromEntries(stages) as Record<Stage, StageFigures>,
      open: this.#open.size,
      forgotten: this.#forgotten,
    };
  }

  #add(id: string): Times {
    if (this.#open.size + this.#done.size >= this.#keptMax) {
      const oldest = this.#done.size > 0 ? this.#done : this.#open;
      const [key] = oldest.keys();
      oldest.delete(key);
      this.#forgotten++;
    }
    const times: Times = this.#stages.map(() => undefined);
    this.#open.set(id, times);
    return times;
  }

  #time(times: Times, sign: 1 | -1): void {
    const [first] = times;
    if (first === undefined) return;
    times.forEach((atMs, index) => {
      if (atMs === undefined) return;
      this.#timed[index].count += sign;
      this.#timed[index].sumMs += sign * Math.max(0, atMs - first);
    });
  }
}
