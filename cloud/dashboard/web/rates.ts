/** Drawing rates, ms between two: the tower's paint is what a page costs, so it is drawn half as often as the charts. */
export const TOWER_EVERY_MS = 200;
export const CHARTS_EVERY_MS = 100;
/** For people who asked their system for less motion. */
export const REDUCED_EVERY_MS = 500;

/**
 * Says when something may be drawn again. Lets half a display frame pass for a whole one: at 60 Hz a strict 100 ms would
 * come out as 116.
 *
 * @example
 * const tower = new Rate(200);
 * if (tower.due(now)) draw();
 */
export class Rate {
  everyMs: number;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(everyMs: number) {
    this.everyMs = everyMs;
  }

  due(nowMs: number): boolean {
    if (nowMs - this.#lastMs < this.everyMs - 8) return false;
    this.#lastMs = nowMs;
    return true;
  }
}
