import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type {
  EventBody,
  SampleBlock,
  Source,
  SourceContext,
  SourceSink,
  TimeFix,
  TimingBody,
} from '#device/sources/source.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { type Random, seededRandom } from '#wire/random.js';

export const START_MS = Date.UTC(2026, 10, 21, 18);

/** One row of a block: when, and what by channel name (NaN left out). */
export interface Row {
  atMs: number;
  values: Record<string, number>;
}

/** Keeps what a source tells. Rows are taken apart at once, as an agent copies a block. */
export class RecordingSink implements SourceSink {
  readonly rows: Row[] = [];
  readonly events: EventBody[] = [];
  readonly timings: TimingBody[] = [];
  readonly fixes: TimeFix[] = [];
  readonly failures: Error[] = [];
  hasEnded = false;
  /** Rows that were handed on before the last `journal()`. */
  journaledRows = 0;
  /** Whether what comes is journaled at once; else by `journal()`. */
  journalsAtOnce = true;
  readonly #source: () => Source;
  #waiting: (() => void)[] = [];

  constructor(source: () => Source) {
    this.#source = source;
  }

  samples(block: SampleBlock): void {
    const { channels = [] } = this.#source().table ?? {};
    for (let row = 0; row < block.count; row++) {
      const offsetUs = block.timesUs ? block.timesUs[row] : row * block.periodUs;
      const values: Row['values'] = {};
      for (const [c, channel] of block.channels.entries()) {
        const value = block.values[c * block.count + row];
        if (!Number.isNaN(value)) values[channels[channel].name] = value;
      }
      this.rows.push({ atMs: block.timeMs + offsetUs / 1000, values });
    }
  }

  event(body: EventBody): void {
    this.events.push(body);
  }

  timing(body: TimingBody): void {
    this.timings.push(body);
  }

  timeFix(fix: TimeFix): void {
    this.fixes.push(fix);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }

  ended(): void {
    this.hasEnded = true;
  }

  whenJournaled(done: () => void): void {
    this.#waiting.push(done);
    if (this.journalsAtOnce) queueMicrotask(() => this.journal());
  }

  /** The agent's commit: everything so far is on disk. */
  journal(): void {
    this.journaledRows = this.rows.length;
    for (const done of this.#waiting.splice(0)) done();
  }
}

/** A folder of its own, gone after the test. */
export function freshDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pitwall-source-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export interface TestContext extends SourceContext {
  raceClock: ManualClock;
  wallClock: ManualClock;
}

export function testContext(context: Partial<SourceContext> = {}): TestContext {
  const dir = context.dir ?? freshDir();
  return {
    name: 'test',
    dir,
    stateDir: dir,
    random: seededRandom(1),
    log: silentLog,
    ...context,
    raceClock: new ManualClock(START_MS),
    wallClock: new ManualClock(START_MS),
  };
}

/** Bytes with faults: some changed, left out, doubled, and cut into pieces of any size. */
export function mangled(bytes: Uint8Array, random: Random): Uint8Array[] {
  const out: number[] = [];
  for (const byte of bytes) {
    const chance = random();
    if (chance < 0.004) out.push(Math.floor(random() * 256));
    else if (chance < 0.006) out.push(byte, byte);
    else if (chance > 0.002 + 0.006) out.push(byte);
  }
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < out.length; ) {
    const length = 1 + Math.floor(random() * 400);
    pieces.push(Uint8Array.from(out.slice(at, at + length)));
    at += length;
  }
  return pieces;
}
