import type { SampleBlock } from '../../sources/source.js';
import type { Campaign } from './campaign.js';
import type { Level } from './document.js';
import { type PreTriggerBudget, PreTriggerBuffer } from './pre-trigger.js';
import { RowBlock } from './row-block.js';

/** Where collected samples go. The block is good until the call returns. */
export type OnCollected = (block: SampleBlock, level: Level) => void;

/** What one campaign wants of a channel. */
export interface Want {
  readonly campaign: Campaign;
  /** At least this between two samples; 0 = every sample. */
  readonly periodUs: number;
  /** The first sample of each period counted from the epoch, not a period after the last one. */
  readonly onGrid: boolean;
}

/**
 * The pace of channels that the same campaigns want alike and that came in one layout when they were first seen: what is
 * decided for one of them is decided for all, so none is sent twice or too often, whatever layout it comes in.
 */
export class Pace {
  /** The most urgent first. */
  readonly wants: readonly Want[];
  /** When each want was last met. */
  readonly #metUs: Float64Array;

  constructor(wants: readonly Want[]) {
    this.wants = wants;
    this.#metUs = new Float64Array(wants.length).fill(Number.NEGATIVE_INFINITY);
  }

  /** Whether a want is due at this time, in either direction: the clock may have been set back. */
  isDue(index: number, timeUs: number): boolean {
    const { periodUs, onGrid } = this.wants[index];
    if (periodUs === 0) return true;
    const metUs = this.#metUs[index];
    if (onGrid) return Math.floor(timeUs / periodUs) !== Math.floor(metUs / periodUs);
    return timeUs - metUs >= periodUs || metUs - timeUs >= periodUs;
  }

  meet(index: number, timeUs: number): void {
    this.#metUs[index] = timeUs;
  }
}

const LEVELS: readonly Level[] = ['high', 'normal', 'low'];

export interface GroupStats {
  /** Samples that went on. */
  collected: number;
  /** Samples of these that came out of a pre-trigger buffer. */
  preTriggered: number;
  /** Samples that were left because nobody wanted them then; those in a pre-trigger buffer may still be asked for. */
  left: number;
  /** Samples that only a campaign without spool wanted while the link was down. */
  notSpooled: number;
}

/** Columns of one layout that are wanted alike. */
export class Group {
  readonly #pace: Pace;
  readonly #columns: Uint16Array;
  readonly #width: number;
  readonly #buffer: PreTriggerBuffer | undefined;
  readonly #picked: Record<Level, RowBlock>;
  readonly #stats: GroupStats;
  readonly #coversLayout: boolean;

  /** `columns`: which of the layout's `channels`. */
  constructor(pace: Pace, channels: Uint16Array, columns: Uint16Array, budget: PreTriggerBudget, stats: GroupStats) {
    this.#pace = pace;
    this.#columns = columns;
    this.#width = columns.length;
    this.#coversLayout = columns.length === channels.length;
    this.#stats = stats;
    const reachUs = Math.max(...pace.wants.map(({ campaign }) => campaign.preTriggerUs));
    this.#buffer = reachUs > 0 ? new PreTriggerBuffer(columns, reachUs, budget) : undefined;
    const own = columns.map((column) => channels[column]);
    this.#picked = { high: new RowBlock(own), normal: new RowBlock(own), low: new RowBlock(own) };
  }

  /** Decides rows `from` to `end` of a block that begins at `startUs`. */
  collect(block: SampleBlock, startUs: number, from: number, end: number, onCollected: OnCollected): void {
    let whole: Level | undefined;
    let isWhole = this.#coversLayout && from === 0 && end === block.count;
    for (let row = from; row < end; row++) {
      const timeUs = startUs + (block.timesUs ? block.timesUs[row] : row * block.periodUs);
      const level = this.#levelAt(timeUs);
      if (row === from) whole = level;
      else if (level !== whole) isWhole = false;
      if (level) this.#picked[level].addRow(timeUs, block, this.#columns, row);
      else this.#buffer?.push(timeUs, block, row);
    }
    if (isWhole && whole) {
      this.#picked[whole].clear();
      this.#stats.collected += block.count * this.#width;
      onCollected(block, whole);
    } else this.#emit(onCollected);
  }

  /** What the buffer has of the time before a trigger, as far as its campaign wants it. */
  flush(campaign: Campaign, fromUs: number, onCollected: OnCollected): void {
    const index = this.#pace.wants.findIndex((want) => want.campaign === campaign);
    if (index < 0 || !this.#buffer || campaign.isOffline) return;
    const rows = this.#picked[campaign.level];
    this.#buffer.take(
      fromUs,
      (timeUs) => {
        const isDue = campaign.isRunning(timeUs) && this.#pace.isDue(index, timeUs);
        if (isDue) this.#pace.meet(index, timeUs);
        return isDue;
      },
      rows,
    );
    this.#stats.preTriggered += rows.rows * this.#width;
    this.#stats.left -= rows.rows * this.#width;
    this.#emit(onCollected);
  }

  close(): void {
    this.#buffer?.close();
  }

  /** The most urgent level that wants a row. Every want that is due is met by it. */
  #levelAt(timeUs: number): Level | undefined {
    const { wants } = this.#pace;
    let level: Level | undefined;
    let isOffline = false;
    for (let i = 0; i < wants.length; i++) {
      const { campaign } = wants[i];
      if (!campaign.isCollecting(timeUs) || !this.#pace.isDue(i, timeUs)) continue;
      if (campaign.isOffline) isOffline = true;
      else {
        this.#pace.meet(i, timeUs);
        level ??= campaign.level;
      }
    }
    if (!level) {
      this.#stats.left += this.#width;
      if (isOffline) this.#stats.notSpooled += this.#width;
    }
    return level;
  }

  #emit(onCollected: OnCollected): void {
    for (const level of LEVELS) {
      const block = this.#picked[level].take();
      if (!block) continue;
      this.#stats.collected += block.count * this.#width;
      onCollected(block, level);
    }
  }
}
