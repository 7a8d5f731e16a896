import type { SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';
import { type AlarmChange, type AlarmRule, compileAlarms, judgeAlarm, type Watch } from './alarms.js';
import { type CampaignLayout, Campaigns, type CampaignsStats } from './campaigns/campaigns.js';
import type { CampaignDocument } from './campaigns/document.js';
import type { OnCollected } from './campaigns/group.js';
import { compileDerived, type Derivation, type DerivedChannel, DerivedRows } from './derived.js';
import type { TrackOptions } from './expression/lap-position.js';
import { Signals, WindowSet } from './expression/signals.js';

/** Layouts that are known at a time; a source that gives more kinds of blocks makes the agent forget and begin again. */
const LAYOUTS_MAX = 1024;

export interface EvaluationOptions {
  /** `withDerived(…)`: of the sources and the derived channels. */
  table: ChannelTable;
  derived?: readonly DerivedChannel[];
  alarms?: readonly AlarmRule[];
  track?: TrackOptions;
  preTriggerBytesMax?: number;
  onAlarm: (change: AlarmChange) => void;
  /** Every sample, those of derived channels included. The block is good until the call returns. */
  onSamples: (block: SampleBlock) => void;
  /** Those that a campaign wants, or all when there is none. */
  onCollected: OnCollected;
}

/** What blocks with the same channels call for. */
interface Layout {
  readonly channels: Uint16Array;
  /** Columns whose channels some expression reads. */
  readonly read: Uint16Array;
  readonly derived: DerivedRows | undefined;
  readonly periodic: readonly { derivation: Derivation; layout: CampaignLayout | undefined }[];
  readonly watches: readonly Watch[];
  readonly own: CampaignLayout | undefined;
  /** Of the derived block. */
  readonly ofDerived: CampaignLayout | undefined;
}

/**
 * One pass over the rows of each block, in which everything that is an expression is evaluated: what they read is brought
 * up to date, then derived channels, alarms and the conditions of campaigns are judged. What an expression says depends on
 * the samples and their times alone. Nothing is allocated per sample.
 */
export class Evaluation {
  readonly #options: EvaluationOptions;
  readonly #signals: Signals;
  readonly #windows = new WindowSet();
  readonly #derivations: readonly Derivation[];
  readonly #watches: readonly Watch[];
  readonly #campaigns: Campaigns;
  #layouts: Layout[] = [];
  /** Columns read, of every expression. */
  #read: ReadonlySet<number> = new Set();

  /** Raises PW-EXPRESSION-…, PW-DERIVED-INVALID or PW-AGENT-OPTION. */
  constructor(options: EvaluationOptions) {
    const { table, derived = [], alarms = [], track, onCollected, preTriggerBytesMax } = options;
    this.#options = options;
    this.#signals = new Signals(table, track);
    this.#derivations = compileDerived(derived, this.#signals, this.#windows);
    this.#watches = compileAlarms(alarms, this.#signals, this.#windows);
    this.#campaigns = new Campaigns({ signals: this.#signals, onCollected, preTriggerBytesMax });
    this.#wire();
  }

  /** The documents of the campaigns that run. */
  get campaigns(): readonly CampaignDocument[] {
    return this.#campaigns.documents;
  }

  /** Whether records of campaigns with `uploadWhen` may be sent now. */
  get mayUploadLow(): boolean {
    return this.#campaigns.mayUploadLow;
  }

  /** See `Campaigns.replace`. */
  replaceCampaigns(documents: unknown): void {
    this.#campaigns.replace(documents);
    this.#wire();
  }

  /** The beacon saw the line at `atMs` (race-clock epoch ms; NaN: at the newest sample). */
  lap(lap: number, lapTimeMs: number, atMs: number): void {
    this.#signals.position.line(atMs * 1000, lap, lapTimeMs);
  }

  link(isUp: boolean, rttMs: number | null): void {
    this.#signals.linkUp = isUp ? 1 : 0;
    this.#signals.rttMs = rttMs ?? Number.NaN;
  }

  push(block: SampleBlock): void {
    const { onSamples } = this.#options;
    const layout = this.#layoutOf(block.channels);
    const startUs = Math.round(block.timeMs * 1000);
    const derivedBlock = layout.derived?.begin(block);
    const collect = (from: number, end: number) => {
      this.#campaigns.collect(layout.own, block, startUs, from, end);
      if (derivedBlock) this.#campaigns.collect(layout.ofDerived, derivedBlock, startUs, from, end);
    };
    let collected = 0;
    const judged = layout.own?.judged ?? [];
    const isRead = layout.read.length > 0 || layout.watches.length > 0 || judged.length > 0;
    for (let row = 0; isRead && row < block.count; row++) {
      this.#evaluate(layout, block, startUs, row);
      for (let i = 0; i < judged.length; i++) {
        const { campaign, condition } = judged[i];
        if (!campaign.judge(condition)) continue;
        // Rows before a trigger are judged by what held before it.
        collect(collected, row);
        collected = row;
        this.#campaigns.begin(campaign);
      }
    }
    onSamples(block);
    if (derivedBlock) onSamples(derivedBlock);
    collect(collected, block.count);
  }

  stats(): CampaignsStats {
    return this.#campaigns.stats();
  }

  #evaluate(layout: Layout, block: SampleBlock, startUs: number, row: number): void {
    const signals = this.#signals;
    const { channels, values, count } = block;
    const { read, derived, periodic, watches } = layout;
    signals.timeUs = startUs + (block.timesUs ? block.timesUs[row] : row * block.periodUs);
    for (let i = 0; i < read.length; i++) signals.take(channels[read[i]], values[read[i] * count + row]);
    derived?.evaluate(signals, row);
    for (let i = 0; i < periodic.length; i++) this.#derivePeriodically(periodic[i]);
    for (let i = 0; i < watches.length; i++) judgeAlarm(watches[i], signals, this.#options.onAlarm);
  }

  /** One sample in a block of its own, when its period has begun. */
  #derivePeriodically({ derivation, layout }: Layout['periodic'][number]): void {
    const { timeUs } = this.#signals;
    const { periodUs, expression, channel } = derivation;
    if (Math.floor(timeUs / periodUs) === Math.floor(derivation.lastUs / periodUs)) return;
    derivation.lastUs = timeUs;
    const value = expression.evaluate();
    this.#signals.take(channel, value);
    const block: SampleBlock = {
      timeMs: timeUs / 1000,
      timesUs: Int32Array.of(0),
      count: 1,
      channels: Uint16Array.of(channel),
      values: Float64Array.of(value),
    };
    this.#options.onSamples(block);
    this.#campaigns.collect(layout, block, timeUs, 0, 1);
  }

  /** After other campaigns: what is read, which windows are fed, and no layout is known any more. */
  #wire(): void {
    const { position } = this.#signals;
    const expressions = [...this.#derivations.map(({ expression }) => expression.channels), this.#campaigns.read];
    const watched = this.#watches.flatMap(({ channels, value }) => [...channels, ...value.channels]);
    // The way since the line must be known to a campaign that comes in the middle of a lap.
    this.#read = new Set([...expressions.flat(), ...watched, position.channel]);
    this.#signals.feed(this.#windows, this.#campaigns.windows);
    this.#layouts = [];
  }

  #layoutOf(channels: Uint16Array): Layout {
    const layouts = this.#layouts;
    for (let i = 0; i < layouts.length; i++) if (isSame(layouts[i].channels, channels)) return layouts[i];
    if (layouts.length === LAYOUTS_MAX) {
      layouts.length = 0;
      this.#campaigns.forgetLayouts();
    }
    const layout = this.#plan(channels.slice());
    layouts.push(layout);
    return layout;
  }

  #plan(channels: Uint16Array): Layout {
    // What a derived channel calls for is called for by what it is derived from.
    const reach = new Set<number>(channels);
    const due: Derivation[] = [];
    for (const derivation of this.#derivations) {
      if (!derivation.expression.channels.some((channel) => reach.has(channel))) continue;
      due.push(derivation);
      reach.add(derivation.channel);
    }
    const perSample = due.filter(({ periodUs }) => periodUs === 0);
    const derived = perSample.length > 0 ? new DerivedRows(perSample) : undefined;
    const all = Uint16Array.from(reach);
    const own = this.#campaigns.layout(channels, all);
    return {
      channels,
      read: Uint16Array.from([...channels.keys()].filter((column) => this.#read.has(channels[column]))),
      derived,
      periodic: due
        .filter(({ periodUs }) => periodUs > 0)
        .map((derivation) => ({ derivation, layout: this.#campaigns.layout(Uint16Array.of(derivation.channel)) })),
      watches: this.#watches.filter((watch) => watch.channels.length === 0 || watch.channels.some((c) => reach.has(c))),
      own,
      ofDerived: derived && this.#campaigns.layout(derived.channels),
    };
  }
}

function isSame(a: Uint16Array, b: Uint16Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
