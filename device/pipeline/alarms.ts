import type { SampleBlock } from '../sources/source.js';
import type { ChannelTable } from '../wire/channels.js';
import { PitwallError } from '../wire/errors.js';
import type { AlarmEvent } from '../wire/messages.js';
import { rowMs } from './sample-times.js';

/** A limit on one channel. */
export interface AlarmRule {
  /** Unique, e.g. `waterTempHigh`. */
  name: string;
  channel: string;
  /** Which side of the limit is bad. */
  when: 'above' | 'below';
  limit: number;
  /** How far back across the limit the value must come before the alarm clears, in the channel's unit. ≥ 0. */
  hysteresis: number;
  level: AlarmEvent['level'];
}

/** An alarm that was raised or cleared at a sample. */
export interface AlarmChange {
  rule: AlarmRule;
  state: AlarmEvent['state'];
  value: number;
  /** Race-clock epoch ms of the sample. */
  eventTimeMs: number;
}

interface Watch {
  rule: AlarmRule;
  channel: number;
  raised: boolean;
}

/** Threshold alarms with hysteresis, judged on every sample. Rules for channels that the table lacks never fire. */
export class Alarms {
  readonly #onChange: (change: AlarmChange) => void;
  readonly #watches: Watch[] = [];

  /** Raises PW-AGENT-OPTION for a rule that could never clear or is named twice. */
  constructor(table: ChannelTable, rules: readonly AlarmRule[], onChange: (change: AlarmChange) => void) {
    this.#onChange = onChange;
    const names = new Set<string>();
    for (const rule of rules) {
      if (!(rule.hysteresis >= 0) || !Number.isFinite(rule.limit) || names.has(rule.name)) {
        throw new PitwallError('PW-AGENT-OPTION', {
          what: `Alarm ${JSON.stringify(rule)}; wanted a name used once, a finite limit, a hysteresis ≥ 0.`,
        });
      }
      names.add(rule.name);
      const channel = table.indexOf(rule.channel);
      if (channel >= 0) this.#watches.push({ rule, channel, raised: false });
    }
  }

  push(block: SampleBlock): void {
    for (const watch of this.#watches) {
      const column = block.channels.indexOf(watch.channel);
      if (column >= 0) this.#judge(watch, block, column * block.count);
    }
  }

  #judge(watch: Watch, block: SampleBlock, from: number): void {
    const { when, limit, hysteresis } = watch.rule;
    const sign = when === 'above' ? 1 : -1;
    for (let i = 0; i < block.count; i++) {
      // Beyond the limit = positive; NaN compares false both ways and changes nothing.
      const beyond = sign * (block.values[from + i] - limit);
      if (watch.raised ? beyond < -hysteresis : beyond > 0) {
        watch.raised = !watch.raised;
        this.#onChange({
          rule: watch.rule,
          state: watch.raised ? 'raised' : 'cleared',
          value: block.values[from + i],
          eventTimeMs: rowMs(block, i),
        });
      }
    }
  }
}
