import type { ChannelTable } from '../../wire/channels.js';
import { LapPosition, type TrackOptions } from './lap-position.js';
import { WINDOW_BYTES, Window } from './window.js';

/** Bound on the windows of one set of expressions (the agent's own, the campaigns'): 4 KiB each. */
export const WINDOWS_BYTES_MAX = 512 * 1024;

/**
 * What expressions read: of each channel the newest sample, the newest that is there, and the one before; where the car is
 * on its lap; how the link is. Typed arrays by channel index; nothing is allocated per sample.
 */
export class Signals {
  readonly table: ChannelTable;
  /** Newest sample, NaN when that is missing. */
  readonly newest: Float64Array;
  /** Newest sample that is not missing, and the one before it. */
  readonly last: Float64Array;
  readonly previous: Float64Array;
  readonly position: LapPosition;
  /** Epoch µs of the row that is evaluated. */
  timeUs = Number.NaN;
  /** 1 up, 0 down, NaN before the link said anything. */
  linkUp = Number.NaN;
  rttMs = Number.NaN;
  #windows: (readonly Window[] | undefined)[] = [];
  #sets: readonly WindowSet[] = [];

  constructor(table: ChannelTable, track?: TrackOptions) {
    const size = table.channels.length;
    this.table = table;
    this.newest = new Float64Array(size).fill(Number.NaN);
    this.last = new Float64Array(size).fill(Number.NaN);
    this.previous = new Float64Array(size).fill(Number.NaN);
    this.position = new LapPosition(table, track);
  }

  /** A sample at `timeUs`. */
  take(channel: number, value: number): void {
    this.newest[channel] = value;
    if (Number.isNaN(value)) return;
    this.previous[channel] = this.last[channel];
    this.last[channel] = value;
    const windows = this.#windows[channel];
    if (windows) for (let i = 0; i < windows.length; i++) windows[i].add(this.timeUs, value);
    if (channel === this.position.channel) this.position.move(this.timeUs, value);
  }

  /** The windows that samples go into from now on. */
  feed(...sets: readonly WindowSet[]): void {
    this.#sets = sets;
    this.#windows = [];
    for (const set of this.#sets) {
      for (const [channel, windows] of set.byChannel) {
        this.#windows[channel] = [...(this.#windows[channel] ?? []), ...windows.values()];
      }
    }
  }
}

/** The windows that a set of expressions reads; two expressions with the same channel and width share one. */
export class WindowSet {
  /** Channel → width → window. */
  readonly byChannel = new Map<number, Map<number, Window>>();
  readonly #former: WindowSet | undefined;
  #bytes = 0;

  /** Windows that `former` has are taken over with what they hold. */
  constructor(former?: WindowSet) {
    this.#former = former;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined when the set would grow past WINDOWS_BYTES_MAX. */
  window(channel: number, widthMs: number): Window | undefined {
    let widths = this.byChannel.get(channel);
    const known = widths?.get(widthMs);
    if (known) return known;
    if (this.#bytes + WINDOW_BYTES > WINDOWS_BYTES_MAX) return undefined;
    this.#bytes += WINDOW_BYTES;
    const window = this.#former?.byChannel.get(channel)?.get(widthMs) ?? new Window(widthMs);
    if (!widths) {
      widths = new Map();
      this.byChannel.set(channel, widths);
    }
    widths.set(widthMs, window);
    return window;
  }
}
