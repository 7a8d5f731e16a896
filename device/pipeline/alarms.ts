import { PitwallError } from '../wire/errors.js';
import type { AlarmEvent } from '../wire/messages.js';
import { compile, type Expression } from './expression/compile.js';
import type { Signals, WindowSet } from './expression/signals.js';

interface NamedAlarm {
  /** Unique, e.g. `waterTempHigh`. */
  name: string;
  level: AlarmEvent['level'];
}

/** A limit on a channel, or on a number computed from several. */
export interface LimitAlarm extends NamedAlarm {
  /** Either a channel … */
  channel?: string;
  /** … or a number: `avg(oilTemp, 10 s)`. */
  expression?: string;
  /** Which side of the limit is bad. */
  when: 'above' | 'below';
  limit: number;
  /** How far back across the limit the value must come before the alarm clears, in the value's unit. ≥ 0. */
  hysteresis: number;
}

/** A condition; its hysteresis is a second one. */
export interface ConditionAlarm extends NamedAlarm {
  /** Raises the alarm: `oilPressure < 200 [kPa] and rpm > 4000`. */
  condition: string;
  /** Clears it. Default: the condition is false. */
  clear?: string;
}

export type AlarmRule = LimitAlarm | ConditionAlarm;

/** An alarm that was raised or cleared at a sample, as its event tells it. */
export type AlarmChange = Pick<AlarmEvent, 'name' | 'level' | 'state' | 'channel' | 'value' | 'limit'> & {
  /** Race-clock epoch ms of the sample. */
  eventTimeMs: number;
};

/** An alarm that is watched. */
export interface Watch {
  readonly raise: Expression;
  readonly clear: Expression;
  /** What the event tells. */
  readonly value: Expression;
  readonly told: Pick<AlarmChange, 'name' | 'level' | 'channel' | 'limit'>;
  /** Channels whose samples call for it; empty: every sample. */
  readonly channels: readonly number[];
  isRaised: boolean;
}

/**
 * Compiles alarms; every form of a rule becomes expressions. Raises PW-AGENT-OPTION for a rule that could never clear or is
 * named twice, PW-EXPRESSION-… for what it reads.
 */
export function compileAlarms(rules: readonly AlarmRule[], signals: Signals, windows: WindowSet): Watch[] {
  const names = new Set<string>();
  return rules.map((rule) => {
    if (names.has(rule.name)) throw invalid(rule, 'a name used once');
    names.add(rule.name);
    const form = 'condition' in rule ? ofCondition(rule) : ofLimit(rule);
    const raise = compile(form.raise, 'condition', signals, windows);
    const clear = compile(form.clear, 'condition', signals, windows);
    const value = compile(form.value, 'number', signals, windows);
    const { name, level } = rule;
    const { channel, limit } = form;
    const channels = [...new Set([...raise.channels, ...clear.channels])];
    return { raise, clear, value, told: { name, level, channel, limit }, channels, isRaised: false };
  });
}

/** Judges an alarm at the row of `signals.timeUs`. A missing value neither raises nor clears. */
export function judgeAlarm(watch: Watch, signals: Signals, onChange: (change: AlarmChange) => void): void {
  const { raise, clear, value, told } = watch;
  if ((watch.isRaised ? clear : raise).evaluate() !== 1) return;
  watch.isRaised = !watch.isRaised;
  const state = watch.isRaised ? 'raised' : 'cleared';
  onChange({ ...told, state, value: value.evaluate(), eventTimeMs: signals.timeUs / 1000 });
}

interface Form {
  raise: string;
  clear: string;
  value: string;
  /** What the event names. */
  channel: string;
  limit: number;
}

function ofLimit(rule: LimitAlarm): Form {
  const { channel, expression, when, limit, hysteresis } = rule;
  if (!(hysteresis >= 0) || !Number.isFinite(limit) || (channel === undefined) === (expression === undefined)) {
    throw invalid(rule, 'a channel or an expression, a finite limit, a hysteresis ≥ 0');
  }
  const value = expression ?? quoted(channel ?? '');
  const beyond = when === 'above' ? '>' : '<';
  const back = when === 'above' ? '<' : '>';
  const cleared = when === 'above' ? limit - hysteresis : limit + hysteresis;
  return {
    raise: `(${value}) ${beyond} ${limit}`,
    clear: `(${value}) ${back} ${cleared}`,
    value,
    channel: channel ?? value,
    limit,
  };
}

/** Of a condition, the event tells 1 and 0. */
function ofCondition({ condition, clear }: ConditionAlarm): Form {
  return {
    raise: condition,
    clear: clear ?? `not (${condition})`,
    value: `if(${condition}, 1, 0)`,
    channel: condition,
    limit: 1,
  };
}

function quoted(channel: string): string {
  return channel.includes('"') ? `'${channel}'` : `"${channel}"`;
}

function invalid(rule: AlarmRule, wanted: string): PitwallError {
  return new PitwallError('PW-AGENT-OPTION', { what: `Alarm ${JSON.stringify(rule)}; wanted ${wanted}.` });
}
