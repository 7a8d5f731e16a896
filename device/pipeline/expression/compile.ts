import { suggestion } from '../../wire/nearest.js';
import { BUILT_INS } from './built-ins.js';
import {
  FUNCTION_NAMES,
  isChannelFunction,
  isWindowFunction,
  NUMBER_FUNCTIONS,
  type NumberFunction,
  WINDOW_MS_MAX,
  WINDOW_MS_MIN,
  type WindowFunction,
} from './functions.js';
import { kindOf, operation, type Term } from './operators.js';
import { parse } from './parser.js';
import { type ExpressionCode, refusal } from './refusal.js';
import { type Signals, WINDOWS_BYTES_MAX, type WindowSet } from './signals.js';
import type { Node } from './syntax.js';

/** A compiled expression over the signals that it was compiled for. */
export interface Expression {
  readonly text: string;
  readonly type: 'number' | 'condition';
  /** Undefined: not known, as after a product. */
  readonly unit: string | undefined;
  /** Channels that it reads, by index. When one of them has a sample, it is time to evaluate. */
  readonly channels: readonly number[];
  /** The value at `signals.timeUs`: a number, 1 true or 0 false; NaN is missing. Allocates nothing. */
  readonly evaluate: Term;
}

interface Checked {
  type: 'number' | 'condition';
  unit?: string;
  term: Term;
}

type Call = Extract<Node, { kind: 'call' }>;

/**
 * Checks an expression against the channels and compiles it to closures. Raises PW-EXPRESSION-… with the place.
 *
 * @example
 * const hot = compile('avg(waterTemp, 5 s) > 118 [Cel] and lap > 2', 'condition', signals, windows);
 * signals.feed(windows);
 * …
 * if (hot.evaluate() === 1) …
 */
export function compile(text: string, wanted: Expression['type'], signals: Signals, windows: WindowSet): Expression {
  const tree = parse(text);
  const compiler = new Compiler(text, signals, windows);
  const { type, unit, term } = compiler.check(tree, wanted);
  return { text, type, unit, channels: [...compiler.channels].sort((a, b) => a - b), evaluate: term };
}

class Compiler {
  readonly channels = new Set<number>();
  readonly #text: string;
  readonly #signals: Signals;
  readonly #windows: WindowSet;

  constructor(text: string, signals: Signals, windows: WindowSet) {
    this.#text = text;
    this.#signals = signals;
    this.#windows = windows;
  }

  check(node: Node, wanted: Checked['type']): Checked {
    const checked = this.#compile(node);
    if (checked.type !== wanted) {
      const what = wanted === 'number' ? 'A condition where a number' : 'A number where a condition';
      throw this.#refuse('PW-EXPRESSION-TYPE', `${what} was wanted`, node.at);
    }
    return checked;
  }

  #compile(node: Node): Checked {
    switch (node.kind) {
      case 'number': {
        const { value, unit } = node;
        return { type: 'number', unit, term: () => value };
      }
      case 'truth': {
        const value = node.value ? 1 : 0;
        return { type: 'condition', term: () => value };
      }
      case 'name':
        return this.#name(node);
      case 'negative': {
        const { term, unit } = this.check(node.operand, 'number');
        return { type: 'number', unit, term: () => -term() };
      }
      case 'not': {
        const { term } = this.check(node.operand, 'condition');
        return { type: 'condition', term: () => 1 - term() };
      }
      case 'binary':
        return this.#binary(node);
      case 'call':
        return this.#call(node);
    }
  }

  #name(node: Extract<Node, { kind: 'name' }>): Checked {
    const builtIn = node.quoted ? undefined : BUILT_INS.get(node.name);
    if (builtIn) {
      const lack = builtIn.lack?.(this.#signals);
      if (lack) throw this.#refuse('PW-EXPRESSION-NAME', lack, node.at);
      const moving = builtIn.isMoved ? this.#signals.position.channel : -1;
      if (moving >= 0) this.channels.add(moving);
      return { type: builtIn.type, unit: builtIn.unit, term: builtIn.term(this.#signals) };
    }
    const channel = this.#channel(node);
    const { newest } = this.#signals;
    return { type: 'number', unit: this.#unit(channel), term: () => newest[channel] };
  }

  #binary({ at, operator, left, right }: Extract<Node, { kind: 'binary' }>): Checked {
    const kind = kindOf(operator);
    const wanted = kind === 'logic' ? 'condition' : 'number';
    const l = this.check(left, wanted);
    const r = this.check(right, wanted);
    const keepsUnit = kind === 'comparison' || operator === '+' || operator === '-';
    const unit = keepsUnit ? this.#sameUnit([l, r], at) : undefined;
    const term = operation(operator, l.term, r.term);
    return kind === 'arithmetic' ? { type: 'number', unit, term } : { type: 'condition', term };
  }

  #call(node: Call): Checked {
    const { name, args, at } = node;
    const isWindowed = args.length === 2 && args[1].kind === 'number' && args[1].duration === true;
    if (isWindowFunction(name) && (isWindowed || !NUMBER_FUNCTIONS.has(name))) return this.#windowCall(node, name);
    if (isChannelFunction(name)) return this.#channelCall(node, name);
    if (name === 'if') return this.#if(node);
    if (name === 'ifNull') return this.#ifNull(node);
    const known = NUMBER_FUNCTIONS.get(name);
    if (known) return this.#numberCall(node, known);
    throw this.#refuse('PW-EXPRESSION-NAME', `Unknown function "${name}"`, at, suggestion(name, FUNCTION_NAMES));
  }

  #numberCall(node: Call, { min, max, keepsUnit, apply }: NumberFunction): Checked {
    this.#arity(node, min, max);
    const args = node.args.map((arg) => this.check(arg, 'number'));
    const unit = keepsUnit ? this.#sameUnit(args, node.at) : undefined;
    const [a, b, c] = args.map(({ term }) => term);
    // Fixed numbers of arguments: spreading an array would allocate at every sample.
    if (args.length === 1) return { type: 'number', unit, term: () => apply(a()) };
    if (args.length === 2) return { type: 'number', unit, term: () => apply(a(), b()) };
    if (max === 3) return { type: 'number', unit, term: () => apply(a(), b(), c()) };
    const term = args.map((arg) => arg.term).reduce((joined, next) => () => apply(joined(), next()));
    return { type: 'number', unit, term };
  }

  #windowCall(node: Call, name: WindowFunction): Checked {
    const [of, width] = node.args;
    const advice = ' Write a window such as 10 s or 500 ms.';
    if (node.args.length !== 2 || width.kind !== 'number' || !width.duration) {
      throw this.#refuse('PW-EXPRESSION-WINDOW', `${name} without a window`, node.at, advice);
    }
    if (!(width.value >= WINDOW_MS_MIN && width.value <= WINDOW_MS_MAX)) {
      const limits = `${WINDOW_MS_MIN} to ${WINDOW_MS_MAX} ms`;
      throw this.#refuse('PW-EXPRESSION-WINDOW', `A window of ${width.value} ms, wanted ${limits}`, width.at);
    }
    const channel = this.#channelArgument(node, of);
    const window = this.#windows.window(channel, width.value);
    if (!window) {
      const what = `One window more than ${WINDOWS_BYTES_MAX / 1024} KiB hold`;
      throw this.#refuse('PW-EXPRESSION-BUDGET', what, node.at, ' Windows of the same channel and length are shared.');
    }
    const signals = this.#signals;
    return { type: 'number', unit: this.#unit(channel), term: () => window[name](signals.timeUs) };
  }

  #channelCall(node: Call, name: 'isNull' | 'has' | 'last' | 'prev'): Checked {
    this.#arity(node, 1, 1);
    const channel = this.#channelArgument(node, node.args[0]);
    const { newest, last, previous } = this.#signals;
    switch (name) {
      case 'isNull':
        return { type: 'condition', term: () => (Number.isNaN(newest[channel]) ? 1 : 0) };
      case 'has':
        return { type: 'condition', term: () => (Number.isNaN(newest[channel]) ? 0 : 1) };
      case 'last':
        return { type: 'number', unit: this.#unit(channel), term: () => last[channel] };
      case 'prev':
        return { type: 'number', unit: this.#unit(channel), term: () => previous[channel] };
    }
  }

  #if(node: Call): Checked {
    this.#arity(node, 3, 3);
    const condition = this.check(node.args[0], 'condition').term;
    const yes = this.check(node.args[1], 'number');
    const no = this.check(node.args[2], 'number');
    const term = () => {
      const holds = condition();
      if (holds === 1) return yes.term();
      return holds === 0 ? no.term() : Number.NaN;
    };
    return { type: 'number', unit: this.#sameUnit([yes, no], node.at), term };
  }

  #ifNull(node: Call): Checked {
    this.#arity(node, 2, 2);
    const value = this.check(node.args[0], 'number');
    const instead = this.check(node.args[1], 'number');
    const term = () => {
      const known = value.term();
      return Number.isNaN(known) ? instead.term() : known;
    };
    return { type: 'number', unit: this.#sameUnit([value, instead], node.at), term };
  }

  #channelArgument(call: Call, argument: Node): number {
    if (argument.kind === 'name' && (argument.quoted || !BUILT_INS.has(argument.name))) return this.#channel(argument);
    const advice = ' Give the rest a name as a derived channel.';
    throw this.#refuse('PW-EXPRESSION-TYPE', `${call.name} takes a channel here`, argument.at, advice);
  }

  #channel({ name, at }: Extract<Node, { kind: 'name' }>): number {
    const { table } = this.#signals;
    const channel = table.indexOf(name);
    if (channel < 0) {
      const names = [...table.channels.map((each) => each.name), ...BUILT_INS.keys()];
      throw this.#refuse('PW-EXPRESSION-NAME', `Unknown channel "${name}"`, at, suggestion(name, names));
    }
    this.channels.add(channel);
    return channel;
  }

  #unit(channel: number): string {
    return this.#signals.table.channels[channel].unit;
  }

  #sameUnit(sides: readonly Checked[], at: number): string | undefined {
    const units = [...new Set(sides.map(({ unit }) => unit).filter((unit) => unit !== undefined))];
    if (units.length <= 1) return units[0];
    const [a, b] = units;
    throw this.#refuse(
      'PW-EXPRESSION-UNIT',
      `[${a}] and [${b}] together`,
      at,
      ' A factor drops the unit: x * 0.01 > 2 [bar].',
    );
  }

  #arity({ name, args, at }: Call, min: number, max: number): void {
    if (args.length >= min && args.length <= max) return;
    const wanted = min === max ? `${min}` : `at least ${min}`;
    throw this.#refuse('PW-EXPRESSION-TYPE', `${name} with ${args.length} arguments, wanted ${wanted}`, at);
  }

  #refuse(code: ExpressionCode, what: string, at: number, advice?: string): Error {
    return refusal(code, what, this.#text, at, advice);
  }
}
