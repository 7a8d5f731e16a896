import { createSnapshotStore } from '#cloud/streams/snapshots.js';
import type { ShardSource } from '#cloud/streams/source.js';
import type { RaceClock } from '#wire/clock.js';
import type { PitwallError } from '#wire/errors.js';
import { Follower, type FollowerStats, type TailBatch } from './follower.js';
import type { RaceInHand } from './race-in-hand.js';
import { raceKey, readCurrentRace, type Seat, type SeatOptions, takeSeat, writeCurrentRace } from './seat.js';

export interface TenureOptions extends Omit<SeatOptions, 'onBroken' | 'onWait'> {
  raceClock: RaceClock;
  /** How a standby reads the race stream. */
  slowSource(): ShardSource;
  /** Another engine has the race, or with `error` its rows cannot be written. */
  onLost(race: string, error?: PitwallError): void;
}

/** Whose the race is: waits for its seat, follows while another engine has it, and lets it go. */
export class Tenure {
  readonly #race: RaceInHand;
  readonly #options: TenureOptions;
  #waitsFor: string | undefined;
  #follower: Follower | undefined;
  /** Of the race before, let go when the next one can be found by others. */
  #seatBefore: Seat | undefined;
  /** Read by the follower: comes before what the stream gives. */
  #tail: TailBatch[] = [];

  constructor(race: RaceInHand, options: TenureOptions) {
    this.#race = race;
    this.#options = options;
  }

  get role(): 'idle' | 'standby' | 'active' {
    return this.#race.seat ? 'active' : this.#waitsFor ? 'standby' : 'idle';
  }

  /** Of a standby: what it has in hand. */
  following(): FollowerStats | null {
    return this.#follower?.stats() ?? null;
  }

  /** What was read while waiting, once. */
  takeTail(): TailBatch[] {
    return this.#tail.splice(0);
  }

  /** Waits for the seat; while another engine has it, the race is followed. Returns the newest snapshot. */
  async sit(race: string, signal: AbortSignal): Promise<string | undefined> {
    const { onLost } = this.#options;
    this.#waitsFor = race;
    try {
      const taken = await takeSeat(
        {
          ...this.#options,
          onBroken: (error) => onLost(race, error),
          onWait: () => {
            this.#follower = this.#followerOf(race);
          },
        },
        race,
        signal,
      );
      this.#race.seat = taken?.seat;
      taken?.seat.lease.lost.addEventListener('abort', () => onLost(race), { once: true });
      return taken?.json;
    } finally {
      this.#waitsFor = undefined;
      this.#tail = (await this.#follower?.stop()) ?? [];
      this.#follower = undefined;
    }
  }

  /** The next race begins: the seat of this one is kept until `leaveBefore`. */
  rise(): void {
    this.#seatBefore = this.#race.seat;
    this.#race.seat = undefined;
  }

  async leave(): Promise<void> {
    const { seat } = this.#race;
    this.#race.seat = undefined;
    await seat?.lease.release();
    await this.leaveBefore();
  }

  async leaveBefore(): Promise<void> {
    const seat = this.#seatBefore;
    this.#seatBefore = undefined;
    await seat?.lease.release();
  }

  /** The race begun last: where an engine that starts looks for its snapshot. */
  readCurrent(): Promise<string | undefined> {
    const { dynamodb, resources } = this.#options;
    return readCurrentRace(dynamodb, resources.tables.state.name);
  }

  /** Then a standby of the race before that gets its lease sees that it is over. */
  async makeCurrent(race: string): Promise<void> {
    const { dynamodb, resources } = this.#options;
    await writeCurrentRace(dynamodb, resources.tables.state.name, race);
    await this.leaveBefore();
  }

  #followerOf(race: string): Follower {
    const { dynamodb, resources, slowSource } = this.#options;
    return new Follower({
      ...this.#options,
      source: slowSource(),
      store: createSnapshotStore({ dynamodb, tableName: resources.tables.state.name, key: raceKey(race) }),
      positions: this.#race.core.positions,
    });
  }
}
