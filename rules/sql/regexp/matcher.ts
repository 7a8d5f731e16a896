/**
 * Runs a program on a text by backtracking, as Java does, so that the same match is found; but with its own stack and a
 * budget, so that no pattern holds up or runs out of anything. What is undone on the way back (registers) lies on the same stack
 * as the choices.
 */
import { limitError } from '../errors.js';
import type { Work } from '../work.js';
import { codeBefore } from './assertions.js';
import type { IgnoreCase } from './ast.js';
import { fold } from './char-sets.js';
import type { Instruction, Program } from './program.js';

/** What lies on the stack, four numbers each. */
const CHOICE = 0; // instruction, place
const RESTORE = 1; // register, what it held
const GREEDY = 2; // instruction of a run, shortest end, this end
const LAZY = 3; // instruction of a run, this end, repetitions
const WIDTH = 4;

/** 8 MiB. */
const MAX_STACK = 512 * 1024 * WIDTH;
/** An instruction, and what it lays on the stack, in characters of a run. */
const STEP_COST = 2;
/** Work between two payments. */
const PAY = 256;

const FAILED = -1;

export class Matcher {
  readonly #instructions: Instruction[];
  readonly #groups: number;
  readonly #shortest: number;
  readonly #text: string;
  readonly #work: Work;
  readonly #registers: Int32Array;
  #stack = new Int32Array(64 * WIDTH);
  #top = 0;
  #lastEnd = 0;
  #unpaid = 0;

  constructor(program: Program, text: string, work: Work) {
    this.#instructions = program.instructions;
    this.#groups = program.groups;
    this.#shortest = program.shortest;
    this.#text = text;
    this.#work = work;
    this.#registers = new Int32Array(program.registers);
  }

  /** Start of the next match at or after `from`, negative when there is none. */
  find(from: number): number {
    const last = this.#text.length - this.#shortest;
    for (let start = from; start <= last; start += (this.#text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1) {
      this.#registers.fill(FAILED);
      this.#top = 0;
      const end = this.#run(0, start, FAILED);
      if (end === FAILED) continue;
      this.#lastEnd = end;
      return start;
    }
    return FAILED;
  }

  /** What a group matched last; Undefined when it took no part. */
  group(index: number): string | undefined {
    const [start, end] = this.#registers.subarray(2 * index, 2 * index + 2);
    return start < 0 || end < 0 ? undefined : this.#text.slice(start, end);
  }

  get end(): number {
    return this.#lastEnd;
  }

  /**
   * From an instruction to its `end`. `target`: where it has to end (look-behind), or negative. What lies on the stack below
   * is not touched; what is left above it on success are choices not taken.
   */
  #run(from: number, place: number, target: number): number {
    const base = this.#top;
    let next = from;
    let at = place;
    for (;;) {
      this.#unpaid += STEP_COST;
      if (this.#unpaid >= PAY) this.#pay();
      const instruction = this.#instructions[next];
      let holds = true;
      switch (instruction.op) {
        case 'set': {
          const code = this.#text.codePointAt(at);
          holds = code !== undefined && instruction.set(code);
          if (holds) at += code! > 0xffff ? 2 : 1;
          next++;
          break;
        }
        case 'run': {
          const end = this.#repeat(instruction, next, at);
          holds = end !== FAILED;
          at = end;
          next++;
          break;
        }
        case 'split':
          this.#push(CHOICE, instruction.second, at, 0);
          next = instruction.first;
          break;
        case 'jump':
          next = instruction.to;
          break;
        case 'save':
          this.#set(instruction.register, at);
          next++;
          break;
        case 'close':
          this.#set(2 * instruction.group, this.#registers[instruction.start]);
          this.#set(2 * instruction.group + 1, at);
          next++;
          break;
        case 'begin':
          this.#set(instruction.count, 0);
          this.#set(instruction.start, FAILED);
          next++;
          break;
        case 'loop':
          next = this.#loop(instruction, next, at);
          break;
        case 'enter':
          this.#set(instruction.count, this.#registers[instruction.count] + 1);
          this.#set(instruction.start, at);
          next++;
          break;
        case 'assert':
          holds = instruction.at(this.#text, at, this.#lastEnd);
          next++;
          break;
        case 'reference': {
          const length = this.#lengthOfSame(instruction, at);
          holds = length !== FAILED;
          at += length;
          next++;
          break;
        }
        case 'look':
          holds = this.#look(instruction, next, at);
          next = instruction.next;
          break;
        case 'atomic': {
          const bottom = this.#top;
          const end = this.#run(next + 1, at, FAILED);
          this.#forgetChoices(bottom);
          holds = end !== FAILED;
          at = end;
          next = instruction.next;
          break;
        }
        case 'end':
          if (target < 0 || at === target) return at;
          holds = false;
      }
      if (holds) continue;
      const resumed = this.#backtrack(base);
      if (!resumed) return FAILED;
      next = this.#resumeNext;
      at = this.#resumeAt;
    }
  }

  /** Where `#backtrack` found a way on. */
  #resumeNext = 0;
  #resumeAt = 0;

  /** Back to the last choice above `base`, undoing what came after it. */
  #backtrack(base: number): boolean {
    const stack = this.#stack;
    while (this.#top > base) {
      this.#top -= WIDTH;
      const a = stack[this.#top + 1];
      const b = stack[this.#top + 2];
      const c = stack[this.#top + 3];
      switch (stack[this.#top]) {
        case RESTORE:
          this.#registers[a] = b;
          continue;
        case CHOICE:
          this.#resumeNext = a;
          this.#resumeAt = b;
          return true;
        case GREEDY: {
          const shorter = c - (codeBefore(this.#text, c)! > 0xffff ? 2 : 1);
          if (shorter > b) this.#push(GREEDY, a, b, shorter);
          this.#resumeNext = a + 1;
          this.#resumeAt = shorter;
          return true;
        }
        case LAZY:
          if (this.#longer(a, b, c)) return true;
      }
    }
    return false;
  }

  /** One more repetition of a lazy run. */
  #longer(index: number, at: number, count: number): boolean {
    const { set, max } = this.#instructions[index] as Extract<Instruction, { op: 'run' }>;
    const code = this.#text.codePointAt(at);
    if (code === undefined || !set(code)) return false;
    const end = at + (code > 0xffff ? 2 : 1);
    if (count + 1 < max) this.#push(LAZY, index, end, count + 1);
    this.#resumeNext = index + 1;
    this.#resumeAt = end;
    return true;
  }

  #repeat(run: Extract<Instruction, { op: 'run' }>, index: number, from: number): number {
    const most = run.lazy ? run.min : run.max;
    let at = from;
    let count = 0;
    let shortest = run.min === 0 ? from : FAILED;
    while (count < most) {
      const code = this.#text.codePointAt(at);
      if (code === undefined || !run.set(code)) break;
      at += code > 0xffff ? 2 : 1;
      if (++count === run.min) shortest = at;
    }
    this.#unpaid += count & (PAY - 1);
    if (count >= PAY) this.#work.spend(count & -PAY);
    if (this.#unpaid >= PAY) this.#pay();
    if (count < run.min) return FAILED;
    if (run.lazy && run.max > run.min) this.#push(LAZY, index, at, count);
    else if (!run.lazy && at > shortest) this.#push(GREEDY, index, shortest, at);
    return at;
  }

  #loop(loop: Extract<Instruction, { op: 'loop' }>, index: number, at: number): number {
    const count = this.#registers[loop.count];
    // An iteration that matched nothing ends the loop, or it would never end.
    if (count > 0 && at === this.#registers[loop.start]) return loop.exit;
    const enter = index + 1;
    if (count < loop.min) return enter;
    if (count >= loop.max) return loop.exit;
    this.#push(CHOICE, loop.lazy ? enter : loop.exit, at, 0);
    return loop.lazy ? loop.exit : enter;
  }

  #look({ negative, behind }: Extract<Instruction, { op: 'look' }>, index: number, at: number): boolean {
    const bottom = this.#top;
    const found =
      behind === undefined ? this.#run(index + 1, at, FAILED) >= 0 : this.#lookBehind(index + 1, at, behind);
    if (!negative) {
      this.#forgetChoices(bottom);
      return found;
    }
    this.#undo(bottom);
    return !found;
  }

  /** From the nearest place to the farthest. */
  #lookBehind(body: number, at: number, { min, max }: { min: number; max: number }): boolean {
    let start = at;
    for (let back = 0; back <= max; back++) {
      if (back >= min && this.#run(body, start, at) >= 0) return true;
      const code = codeBefore(this.#text, start);
      if (code === undefined) return false;
      start -= code > 0xffff ? 2 : 1;
    }
    return false;
  }

  /** Length of the text at `at` that repeats a group. A group that took no part is repeated by nothing. */
  #lengthOfSame({ group, ignoreCase }: { group: number; ignoreCase: IgnoreCase }, at: number): number {
    // Java allows a number for which there is no group; it never matches.
    const wanted = group <= this.#groups ? this.group(group) : undefined;
    if (wanted === undefined) return FAILED;
    this.#work.spend(wanted.length);
    if (this.#text.startsWith(wanted, at)) return wanted.length;
    if (ignoreCase === 'no' || at + wanted.length > this.#text.length) return FAILED;
    for (let i = 0; i < wanted.length; i++) {
      const unicode = ignoreCase === 'unicode';
      if (fold(wanted.charCodeAt(i), unicode) !== fold(this.#text.charCodeAt(at + i), unicode)) return FAILED;
    }
    return wanted.length;
  }

  #set(register: number, value: number): void {
    this.#push(RESTORE, register, this.#registers[register], 0);
    this.#registers[register] = value;
  }

  #push(kind: number, a: number, b: number, c: number): void {
    if (this.#top === this.#stack.length) this.#grow();
    const stack = this.#stack;
    stack[this.#top] = kind;
    stack[this.#top + 1] = a;
    stack[this.#top + 2] = b;
    stack[this.#top + 3] = c;
    this.#top += WIDTH;
  }

  #grow(): void {
    if (this.#top >= MAX_STACK) throw limitError('A regular expression keeps too many choices open.');
    const larger = new Int32Array(2 * this.#top);
    larger.set(this.#stack);
    this.#stack = larger;
  }

  /** Possessive: the choices above `bottom` are not taken any more, but what they would undo still is. */
  #forgetChoices(bottom: number): void {
    const stack = this.#stack;
    let kept = bottom;
    for (let at = bottom; at < this.#top; at += WIDTH) {
      if (stack[at] !== RESTORE) continue;
      stack.copyWithin(kept, at, at + WIDTH);
      kept += WIDTH;
    }
    this.#top = kept;
  }

  #undo(bottom: number): void {
    const stack = this.#stack;
    while (this.#top > bottom) {
      this.#top -= WIDTH;
      if (stack[this.#top] === RESTORE) this.#registers[stack[this.#top + 1]] = stack[this.#top + 2];
    }
  }

  #pay(): void {
    this.#work.spend(this.#unpaid);
    this.#unpaid = 0;
  }
}
