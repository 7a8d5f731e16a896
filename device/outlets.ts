import type { Cursor } from './journal/cursor.js';
import type { Journal } from './journal/journal.js';
import type { Link, LinkState } from './uplink/link.js';
import type { ResendRange, ResendResult } from './uplink/resend.js';
import { Uplink, type UplinkLimits, type UplinkStats } from './uplink/uplink.js';
import type { Clock } from './wire/clock.js';
import { PitwallError } from './wire/errors.js';
import type { Log } from './wire/log.js';

/** Somewhere that an agent sends everything to: the pit wall on the LAN, AWS over the WAN. */
export interface Destination {
  /** Lower-case letters, digits and hyphens: it names the cursor's file, so a new name begins with all that the journal holds. */
  name: string;
  link: Link | (() => Link);
  /** Of this connection alone; what is absent here is as in `AgentOptions.limits`. */
  limits?: UplinkLimits;
}

/** The one destination of an agent that names none. */
const DEFAULT_DESTINATION = 'cloud';
const NAME = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** How one destination is doing, since the start. */
export interface DestinationStats extends UplinkStats {
  /** Records that were never published there, or whose publish was not answered. */
  unsent: number;
  /** Records that it has not acknowledged end to end. */
  unacked: number;
}

export interface OutletsOptions {
  thing: string;
  /** Opened for the names of `destinations`, in their order. */
  journal: Journal;
  destinations: readonly Destination[];
  raceClock: Clock;
  wallClock: Clock;
  log: Log;
  limits?: UplinkLimits;
}

/** The way to one destination: its link, and the uplink that sends over it what the journal holds for it. */
export interface Outlet {
  readonly name: string;
  readonly link: Link;
  readonly uplink: Uplink;
  readonly cursor: Cursor;
  readonly ownLimits: UplinkLimits | undefined;
}

/** Every destination of an agent. Each is served for itself: what one lacks or refuses holds up no other. */
export class Outlets {
  readonly all: readonly Outlet[];

  constructor(options: OutletsOptions) {
    const { destinations, journal, log, limits, ...shared } = options;
    this.all = destinations.map(({ name, link: given, limits: own }, index) => {
      const link = typeof given === 'function' ? given() : given;
      const cursor = journal.cursors[index];
      const tagged = destinations.length > 1 ? named(log, name) : log;
      const uplink = new Uplink({ ...shared, journal, cursor, link, log: tagged, limits: { ...limits, ...own } });
      return { name, link, uplink, cursor, ownLimits: own };
    });
  }

  /** `onState` is told of each change of a link's state, after the uplink. */
  connect(onState: (outlet: Outlet, state: LinkState) => void): void {
    for (const outlet of this.all) {
      outlet.link.onState((state) => {
        outlet.uplink.onLinkState(state);
        onState(outlet, state);
      });
      outlet.link.connect();
    }
  }

  /** Changes the limits of every connection; what a destination was given for itself stays. */
  limit(limits: UplinkLimits | undefined): void {
    for (const { uplink, ownLimits } of this.all) uplink.limit({ ...limits, ...ownLimits });
  }

  /** Whether low records are kept back everywhere. */
  holdLow(isHeld: boolean): void {
    for (const { uplink } of this.all) uplink.holdLow(isHeld);
  }

  /** Whether any link is up, and the round trip of the first that has measured one. */
  quality(): { isUp: boolean; rttMs: number | null } {
    const all = this.all.map(({ uplink }) => uplink.stats());
    return {
      isUp: all.some(({ state }) => state === 'up'),
      rttMs: all.find(({ rttMs }) => rttMs !== null)?.rttMs ?? null,
    };
  }

  pump(): void {
    for (const { uplink } of this.all) uplink.pump();
  }

  tick(): void {
    for (const { uplink } of this.all) uplink.tick();
  }

  /** As `Uplink.resend`, to one destination or by default to the first. Raises PW-AGENT-OPTION for one that there is none of. */
  async resend(range: ResendRange, destination = this.all[0].name): Promise<ResendResult> {
    const outlet = this.all.find(({ name }) => name === destination);
    if (outlet) return outlet.uplink.resend(range);
    const names = this.all.map(({ name }) => name).join(', ');
    throw new PitwallError('PW-AGENT-OPTION', { what: `No destination "${destination}"; there is ${names}.` });
  }

  /** Whether every destination has acknowledged every record that was read. */
  get drained(): boolean {
    return this.all.every(({ cursor }) => cursor.unackedCount === 0);
  }

  /** By name. */
  stats(): Record<string, DestinationStats> {
    return Object.fromEntries(
      this.all.map(({ name, uplink, cursor }) => [
        name,
        { ...uplink.stats(), unsent: cursor.unsentCount, unacked: cursor.unackedCount },
      ]),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map(({ link }) => link.close()));
  }
}

/**
 * The destinations that an agent was given, in one form. Raises PW-AGENT-OPTION when there is none, or a name that cannot
 * be used or is used twice.
 */
export function destinationsOf(given: {
  link?: Destination['link'];
  destinations?: readonly Destination[];
}): readonly Destination[] {
  const short = given.link ? [{ name: DEFAULT_DESTINATION, link: given.link }] : [];
  const all = [...short, ...(given.destinations ?? [])];
  const names = all.map(({ name }) => name);
  const wrong = names.find((name, index) => !NAME.test(name) || names.indexOf(name) !== index);
  if (all.length > 0 && wrong === undefined && (short.length === 0 || all.length === 1)) return all;
  throw new PitwallError('PW-AGENT-OPTION', {
    what: `destinations [${names.join(', ')}]; wanted \`link\`, or at least one destination, each with a name of its own (${NAME.source}).`,
  });
}

/** The sum over all destinations; `up` when one is, the round trip of the first that has one. */
export function summed(stats: Record<string, DestinationStats>): DestinationStats {
  const all = Object.values(stats);
  const sum = (count: (one: DestinationStats) => number) => all.reduce((total, one) => total + count(one), 0);
  const state: LinkState = all.some((one) => one.state === 'up') ? 'up' : 'down';
  return {
    state,
    rttMs: all.find(({ rttMs }) => rttMs !== null)?.rttMs ?? null,
    reconnects: sum((one) => one.reconnects),
    publishedRecords: sum((one) => one.publishedRecords),
    publishedFrames: sum((one) => one.publishedFrames),
    resentRecords: sum((one) => one.resentRecords),
    pubackedFrames: sum((one) => one.pubackedFrames),
    ackedRecords: sum((one) => one.ackedRecords),
    ackedFrames: sum((one) => one.ackedFrames),
    refusedRecords: sum((one) => one.refusedRecords),
    refusedTopics: [...new Set(all.flatMap(({ refusedTopics }) => refusedTopics))],
    inFlight: sum((one) => one.inFlight),
    unsent: sum((one) => one.unsent),
    unacked: sum((one) => one.unacked),
  };
}

function named(log: Log, destination: string): Log {
  const say =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields) =>
      log[level](message, { destination, ...fields });
  return { info: say('info'), warn: say('warn'), error: say('error') };
}
