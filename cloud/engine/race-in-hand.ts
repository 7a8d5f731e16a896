import { RaceCore } from './race-core.js';
import type { Seat } from './seat.js';

/** What the parts of a running engine share: the race as it is known, and the seat that lets it be written. */
export class RaceInHand {
  core = new RaceCore();
  /** Undefined while idle or on standby. */
  seat: Seat | undefined;
  /** Something is folded that no snapshot has. */
  isChanged = false;
  /** Something is folded that no screen shows. */
  isViewDue = false;
  /** A snapshot was found, and what is in hand behind it is not folded yet: the screen has seen more than that. */
  isTakingOver = false;

  /** 0 without a seat. */
  get fence(): number {
    return this.seat?.lease.fence ?? 0;
  }
}
