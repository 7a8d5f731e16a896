/** Nodes → a program for the matcher: a list of instructions, run from the first. */
import {
  type Assertion,
  type CharSet,
  type IgnoreCase,
  type Node,
  type ParsedPattern,
  PatternError,
  PatternUnserved,
} from './ast.js';

export type Instruction =
  /** One code point of a class. */
  | { op: 'set'; set: CharSet }
  /** `x*`, `x{2,5}?` where x is a class: the usual repetition, without a loop. */
  | { op: 'run'; set: CharSet; min: number; max: number; lazy: boolean }
  /** First the one, then the other. */
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  /** Keeps the place in a register. */
  | { op: 'save'; register: number }
  /** A group that began where the register says ends here; inside it, a reference to it means what it matched before. */
  | { op: 'close'; group: number; start: number }
  /** Before the first iteration of a loop. */
  | { op: 'begin'; count: number; start: number }
  /** Another iteration (the next instruction) or out; `start` is where the last iteration began. */
  | { op: 'loop'; count: number; start: number; min: number; max: number; lazy: boolean; exit: number }
  /** Counts an iteration. */
  | { op: 'enter'; count: number; start: number }
  | { op: 'assert'; at: Assertion }
  | { op: 'reference'; group: number; ignoreCase: IgnoreCase }
  /** The body follows, up to `end`; how far back it may begin is in code points. */
  | { op: 'look'; negative: boolean; behind?: { min: number; max: number }; next: number }
  | { op: 'atomic'; next: number }
  | { op: 'end' };

export interface Program {
  instructions: Instruction[];
  registers: number;
  groups: number;
  names: ReadonlyMap<string, number>;
  /** Code points of the shortest match. */
  shortest: number;
}

/** A pattern of any length that a person writes is far below it. */
const MAX_INSTRUCTIONS = 20_000;

export function compileProgram({ root, groups, names }: ParsedPattern): Program {
  const compiler = new Compiler(2 * (groups + 1));
  compiler.emit({ kind: 'capture', group: 0, body: root });
  compiler.push({ op: 'end' });
  const { instructions, registers } = compiler;
  return { instructions, registers, groups, names, shortest: widthOf(root).min };
}

class Compiler {
  readonly instructions: Instruction[] = [];
  registers: number;

  /** The first registers are the groups' starts and ends. */
  constructor(registers: number) {
    this.registers = registers;
  }

  push<Pushed extends Instruction>(instruction: Pushed): Pushed {
    if (this.instructions.length === MAX_INSTRUCTIONS) throw new PatternUnserved('a pattern of this length');
    this.instructions.push(instruction);
    return instruction;
  }

  get #here(): number {
    return this.instructions.length;
  }

  emit(node: Node): void {
    switch (node.kind) {
      case 'empty':
        return;
      case 'set':
        this.push({ op: 'set', set: node.set });
        return;
      case 'assert':
        this.push({ op: 'assert', at: node.at });
        return;
      case 'reference':
        this.push({ op: 'reference', group: node.group, ignoreCase: node.ignoreCase });
        return;
      case 'sequence':
        for (const item of node.items) this.emit(item);
        return;
      case 'choice':
        this.#choice(node.options);
        return;
      case 'capture': {
        const start = this.registers++;
        this.push({ op: 'save', register: start });
        this.emit(node.body);
        this.push({ op: 'close', group: node.group, start });
        return;
      }
      case 'repeat':
        this.#repeat(node);
        return;
      case 'atomic':
        this.#inner({ op: 'atomic', next: 0 }, node.body);
        return;
      case 'look':
        this.#inner(
          { op: 'look', negative: node.negative, behind: node.behind ? boundsOf(node.body) : undefined, next: 0 },
          node.body,
        );
    }
  }

  #choice(options: Node[]): void {
    const jumps: { to: number }[] = [];
    options.forEach((option, i) => {
      if (i === options.length - 1) {
        this.emit(option);
        return;
      }
      const split = this.push({ op: 'split', first: this.#here + 1, second: 0 });
      this.emit(option);
      jumps.push(this.push({ op: 'jump', to: 0 }));
      split.second = this.#here;
    });
    for (const jump of jumps) jump.to = this.#here;
  }

  #repeat({ body, min, max, mode }: Extract<Node, { kind: 'repeat' }>): void {
    if (mode === 'possessive') {
      // Nor does an iteration give anything back to the next one.
      const iteration: Node = body.kind === 'set' ? body : { kind: 'atomic', body };
      this.emit({ kind: 'atomic', body: { kind: 'repeat', body: iteration, min, max, mode: 'greedy' } });
      return;
    }
    const lazy = mode === 'lazy';
    if (body.kind === 'set') {
      this.push({ op: 'run', set: body.set, min, max, lazy });
      return;
    }
    const [count, start] = [this.registers++, this.registers++];
    this.push({ op: 'begin', count, start });
    const again = this.#here;
    const loop = this.push({ op: 'loop', count, start, min, max, lazy, exit: 0 });
    this.push({ op: 'enter', count, start });
    this.emit(body);
    this.push({ op: 'jump', to: again });
    loop.exit = this.#here;
  }

  #inner(instruction: Extract<Instruction, { next: number }>, body: Node): void {
    this.push(instruction);
    this.emit(body);
    this.push({ op: 'end' });
    instruction.next = this.#here;
  }
}

/** Look-behind must know how far back to begin, as in Java. */
function boundsOf(body: Node): { min: number; max: number } {
  const width = widthOf(body);
  if (width.max === Number.POSITIVE_INFINITY) {
    throw new PatternError('Look-behind group does not have an obvious maximum length');
  }
  return width;
}

/** Fewest and most code points that a node matches. */
function widthOf(node: Node): { min: number; max: number } {
  switch (node.kind) {
    case 'empty':
    case 'assert':
    case 'look':
      return { min: 0, max: 0 };
    case 'set':
      return { min: 1, max: 1 };
    case 'reference':
      return { min: 0, max: Number.POSITIVE_INFINITY };
    case 'capture':
    case 'atomic':
      return widthOf(node.body);
    case 'sequence': {
      const widths = node.items.map(widthOf);
      const sum = (numbers: number[]) => numbers.reduce((total, each) => total + each, 0);
      return { min: sum(widths.map(({ min }) => min)), max: sum(widths.map(({ max }) => max)) };
    }
    case 'choice': {
      const widths = node.options.map(widthOf);
      return { min: Math.min(...widths.map(({ min }) => min)), max: Math.max(...widths.map(({ max }) => max)) };
    }
    case 'repeat': {
      const { min, max } = widthOf(node.body);
      return { min: min * node.min, max: max === 0 || node.max === 0 ? 0 : max * node.max };
    }
  }
}
