/**
 * Cars on the road by the time at which each next crosses the line. Whoever has just crossed is last: all others are ahead of
 * it within a lap, so that to be scheduled before a car is to pass it.
 */
export class Road {
  /** Race time of the next crossing, by car. */
  readonly nextS: Float64Array;
  readonly #order: Int32Array;
  readonly #mask: number;
  #head = 0;
  #size = 0;

  constructor(cars: number) {
    const room = 2 ** Math.ceil(Math.log2(Math.max(2, cars)));
    this.nextS = new Float64Array(cars);
    this.#order = new Int32Array(room);
    this.#mask = room - 1;
  }

  get size(): number {
    return this.#size;
  }

  clear(): void {
    this.#head = 0;
    this.#size = 0;
  }

  /** Car at a place of the order, 0 = the next to cross. */
  at(place: number): number {
    return this.#order[(this.#head + place) & this.#mask];
  }

  /** Takes out the car that crosses next. */
  shift(): number {
    const car = this.#order[this.#head & this.#mask];
    this.#head++;
    this.#size--;
    return car;
  }

  /** Of equals, the one that was there first stays ahead. */
  insert(car: number, nextS: number): void {
    const order = this.#order;
    const mask = this.#mask;
    const times = this.nextS;
    times[car] = nextS;
    let at = this.#head + this.#size;
    this.#size++;
    while (at > this.#head && times[order[(at - 1) & mask]] > nextS) {
      order[at & mask] = order[(at - 1) & mask];
      at--;
    }
    order[at & mask] = car;
  }

  /** Restores the order after `nextS` was changed from outside. */
  sort(): void {
    const size = this.#size;
    this.#size = 0;
    for (let place = 0; place < size; place++) {
      const car = this.at(place);
      this.insert(car, this.nextS[car]);
    }
  }
}
