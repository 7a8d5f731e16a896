import type { SampleBlock } from '../../sources/source.js';
import type { Expression } from '../expression/compile.js';
import { type Signals, WindowSet } from '../expression/signals.js';
import { type Built, build } from './build.js';
import type { Campaign } from './campaign.js';
import type { CampaignDocument } from './document.js';
import { Group, type GroupStats, type OnCollected, Pace, type Want } from './group.js';
import type { PreTriggerBudget } from './pre-trigger.js';
import { readCampaigns } from './read.js';

/** Default bound on all pre-trigger buffers of an agent together. */
const PRE_TRIGGER_BYTES_MAX = 8 * 1024 * 1024;

export interface CampaignsOptions {
  signals: Signals;
  onCollected: OnCollected;
  /** Bound on all pre-trigger buffers together, bytes. Default 8 MiB. */
  preTriggerBytesMax?: number;
}

/** Counts since the start. Of samples: what each channel gives at one time. */
export interface CampaignsStats extends GroupStats {
  /** Running now or later. */
  campaigns: number;
  triggers: number;
  /** Triggers that came before a minimum interval was over. */
  suppressed: number;
  preTriggerBytes: number;
  /** Samples that had to leave a pre-trigger buffer while a trigger could still have asked for them. */
  preTriggerOverwritten: number;
  replacements: number;
  /** Replacements that were refused. */
  refused: number;
}

/** A layout as campaigns see it. */
export interface CampaignLayout {
  groups: Group[];
  /** Those whose condition reads a channel of the layout, or no channel at all. */
  judged: { campaign: Campaign; condition: Expression }[];
}

/**
 * Decides which samples are collected: the union of what the running campaigns want, each sample once. Without any campaign
 * everything is collected; with campaigns of which none runs, nothing.
 *
 * A sample that no campaign wants now, but one may want after a trigger, waits in a pre-trigger buffer and keeps its time.
 */
export class Campaigns {
  readonly #signals: Signals;
  readonly #onCollected: OnCollected;
  readonly #budget: PreTriggerBudget;
  readonly #stats: GroupStats = { collected: 0, preTriggered: 0, left: 0, notSpooled: 0 };
  #built: Built;
  /** By channel index: the pace that it keeps since it was first seen. */
  #paces: (Pace | undefined)[] = [];
  #groups: Group[] = [];
  /** Of campaigns that are gone. */
  #former = { triggers: 0, suppressed: 0 };
  #replacements = 0;
  #refused = 0;

  constructor({ signals, onCollected, preTriggerBytesMax = PRE_TRIGGER_BYTES_MAX }: CampaignsOptions) {
    this.#signals = signals;
    this.#onCollected = onCollected;
    this.#budget = { maxBytes: preTriggerBytesMax, bytes: 0, overwritten: 0 };
    this.#built = build([], { signals, former: new WindowSet(), preTriggerBytesMax });
  }

  get windows(): WindowSet {
    return this.#built.windows;
  }

  get documents(): readonly CampaignDocument[] {
    return this.#built.documents;
  }

  /** Channels that conditions read. */
  get read(): readonly number[] {
    const expressions = this.#built.campaigns.map(({ condition }) => condition);
    return [...expressions, this.#built.uploadWhen].flatMap((each) => each?.channels ?? []);
  }

  /** Whether what waits for `uploadWhen` may go now. */
  get mayUploadLow(): boolean {
    const { uploadWhen } = this.#built;
    return uploadWhen === undefined || uploadWhen.evaluate() === 1;
  }

  /**
   * Puts other campaigns in the place of these, all or none. Raises PW-CAMPAIGN-INVALID with every reason; then the ones
   * before go on. A document that stays the same carries on with its trigger; pre-trigger buffers begin anew.
   */
  replace(documents: unknown): void {
    let built: Built;
    try {
      built = build(readCampaigns(documents), {
        signals: this.#signals,
        former: this.#built.windows,
        preTriggerBytesMax: this.#budget.maxBytes,
      });
    } catch (error) {
      this.#refused++;
      throw error;
    }
    const former = new Map(this.#built.campaigns.map((each) => [JSON.stringify(each.document), each]));
    for (const campaign of built.campaigns) {
      const same = former.get(JSON.stringify(campaign.document));
      if (same) {
        campaign.resume(same);
        former.delete(JSON.stringify(campaign.document));
      }
    }
    for (const { triggers, suppressed } of former.values()) {
      this.#former.triggers += triggers;
      this.#former.suppressed += suppressed;
    }
    this.forgetLayouts();
    this.#paces = [];
    this.#built = built;
    this.#replacements++;
  }

  /**
   * Undefined: everything of the layout is collected. Good until the next replacement.
   *
   * @param called channels that a block of the layout brings up to date: its own, and those derived from them
   */
  layout(channels: Uint16Array, called: Uint16Array = channels): CampaignLayout | undefined {
    const { campaigns, wants } = this.#built;
    if (campaigns.length === 0) return undefined;
    const columns = new Map<Pace, number[]>();
    const shared = new Map<string, Pace>();
    channels.forEach((channel, column) => {
      const wanted = wants[channel];
      if (!wanted) return;
      const pace = this.#paces[channel] ?? paceFor(wanted, shared);
      this.#paces[channel] = pace;
      columns.set(pace, [...(columns.get(pace) ?? []), column]);
    });
    const groups = [...columns].map(
      ([pace, own]) => new Group(pace, channels, Uint16Array.from(own), this.#budget, this.#stats),
    );
    this.#groups.push(...groups);
    const judged = campaigns.flatMap((campaign) => {
      const { condition } = campaign;
      if (!condition) return [];
      const isDue = condition.channels.length === 0 || condition.channels.some((channel) => called.includes(channel));
      return isDue ? [{ campaign, condition }] : [];
    });
    return { groups, judged };
  }

  /** Layouts that were given out are no longer used; what their pre-trigger buffers held is gone. */
  forgetLayouts(): void {
    for (const group of this.#groups) group.close();
    this.#groups = [];
  }

  /** Collects rows `from` to `end` of a block that begins at `startUs`. */
  collect(layout: CampaignLayout | undefined, block: SampleBlock, startUs: number, from: number, end: number): void {
    if (from >= end) return;
    if (!layout) {
      this.#stats.collected += block.count * block.channels.length;
      this.#onCollected(block, 'normal');
      return;
    }
    const { groups } = layout;
    for (let i = 0; i < groups.length; i++) groups[i].collect(block, startUs, from, end, this.#onCollected);
  }

  /** A trigger at the row of `signals.timeUs`. The rows before it must have been collected. */
  begin(campaign: Campaign): void {
    const fromUs = campaign.begin(this.#signals.timeUs);
    if (campaign.preTriggerUs === 0) return;
    for (const group of this.#groups) group.flush(campaign, fromUs, this.#onCollected);
  }

  stats(): CampaignsStats {
    const { campaigns } = this.#built;
    const sum = (of: 'triggers' | 'suppressed') =>
      campaigns.reduce((total, campaign) => total + campaign[of], this.#former[of]);
    return {
      ...this.#stats,
      campaigns: campaigns.length,
      triggers: sum('triggers'),
      suppressed: sum('suppressed'),
      preTriggerBytes: this.#budget.bytes,
      preTriggerOverwritten: this.#budget.overwritten,
      replacements: this.#replacements,
      refused: this.#refused,
    };
  }
}

function paceFor(wanted: Want[], shared: Map<string, Pace>): Pace {
  const key = wanted.map(({ campaign, periodUs }) => `${campaign.document.id} ${periodUs}`).join();
  const known = shared.get(key) ?? new Pace(wanted);
  shared.set(key, known);
  return known;
}
