import { PitwallError } from '../../wire/errors.js';
import { suggestion } from '../../wire/nearest.js';
import { compile, type Expression } from '../expression/compile.js';
import { type Signals, WindowSet } from '../expression/signals.js';
import { Campaign } from './campaign.js';
import { ALL_CHANNELS, type CampaignDocument } from './document.js';
import type { Want } from './group.js';
import { refuseFor } from './read.js';

/** What one set of documents was built into for an agent. */
export interface Built {
  documents: readonly CampaignDocument[];
  /** The most urgent first. */
  campaigns: Campaign[];
  windows: WindowSet;
  uploadWhen: Expression | undefined;
  /** By channel index; undefined where nobody wants the channel. */
  wants: (Want[] | undefined)[];
}

export interface BuildOptions {
  signals: Signals;
  /** Windows that the new ones carry on. */
  former: WindowSet;
  preTriggerBytesMax: number;
}

/**
 * Checks documents against the agent's channels and compiles what they say. Raises PW-CAMPAIGN-INVALID with every reason,
 * so that one deployment tells all that is wrong.
 */
export function build(documents: CampaignDocument[], options: BuildOptions): Built {
  const { signals, former, preTriggerBytesMax } = options;
  const windows = new WindowSet(former);
  const reasons: string[] = [];
  const campaigns: Campaign[] = [];
  const wants: Built['wants'] = [];
  const tried = <T>(whose: string, work: () => T): T | undefined => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof PitwallError)) throw error;
      reasons.push(`${whose}: ${error.message}`);
      return undefined;
    }
  };
  for (const document of [...documents].sort((a, b) => a.priority - b.priority)) {
    const { id, when } = document;
    const condition =
      when.type === 'condition'
        ? tried(`campaign "${id}"`, () => compile(when.condition, 'condition', signals, windows))
        : undefined;
    const campaign = new Campaign(document, signals, condition);
    campaigns.push(campaign);
    for (const what of addWants(campaign, signals, wants)) reasons.push(`campaign "${id}": ${what}`);
  }
  const gates = new Set(documents.filter(({ priority }) => priority >= 5).map((each) => each.uploadWhen));
  if (gates.size > 1) {
    // The journal keeps low records apart from the others, but not from each other.
    reasons.push('Campaigns of priority 5 to 9 wait in one place: give all of them the same uploadWhen.');
  }
  const [gate] = gates;
  const uploadWhen =
    gate === undefined ? undefined : tried('uploadWhen', () => compile(gate, 'condition', signals, windows));
  const neededBytes = preTriggerBytes(wants, signals);
  if (neededBytes > preTriggerBytesMax) {
    reasons.push(`Pre-trigger buffers would need ${neededBytes} bytes; there are ${preTriggerBytesMax}.`);
  }
  refuseFor(reasons);
  return { documents, campaigns, windows, uploadWhen, wants };
}

/** Adds what a campaign wants of each channel; returns what is wrong with it. */
function addWants(campaign: Campaign, { table }: Signals, wants: Built['wants']): string[] {
  const wrong: string[] = [];
  const { collect, when } = campaign.document;
  const named = new Set(collect.flatMap(({ channels }) => channels));
  for (const { channels, minPeriodMs } of collect) {
    const periodUs = (when.type === 'periodic' ? when.periodMs : minPeriodMs) * 1000;
    const want: Want = { campaign, periodUs, onGrid: when.type === 'periodic' };
    for (const name of channels) {
      const index = table.indexOf(name);
      if (name === ALL_CHANNELS) {
        // A channel with an entry of its own keeps that entry's period.
        table.channels.forEach((channel, each) => {
          if (!named.has(channel.name)) addWant(wants, each, want);
        });
      } else if (index >= 0) addWant(wants, index, want);
      else {
        const names = table.channels.map((channel) => channel.name);
        wrong.push(`collects an unknown channel "${name}".${suggestion(name, names)}`);
      }
    }
  }
  return wrong;
}

function addWant(wants: Built['wants'], channel: number, want: Want): void {
  const known = wants[channel];
  if (known) known.push(want);
  else wants[channel] = [want];
}

/** What the buffers will take at the rates that the table states. */
function preTriggerBytes(wants: Built['wants'], { table }: Signals): number {
  let bytes = 0;
  wants.forEach((wanted, channel) => {
    const reachUs = Math.max(0, ...(wanted ?? []).map(({ campaign }) => campaign.preTriggerUs));
    bytes += Math.ceil((reachUs / 1e6) * table.channels[channel].rateHz) * Float64Array.BYTES_PER_ELEMENT;
  });
  return bytes;
}
