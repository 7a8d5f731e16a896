import { parseNumber } from '#wire/csv/dialect.js';
import { lapsRow } from '../engine/rows.js';
import type { Item } from '../streams/item.js';
import { isNothing, parseDurationMs, parseFlag, parseYes, roundMs } from './cells.js';
import type { Role } from './columns.js';
import type { TableRecord } from './records.js';
import { Rejected } from './rejects.js';
import { RowCells, type RowTaker, type TakerOptions, type TakerState } from './row-taker.js';

export interface LapState extends TakerState {
  taken: number;
  /** Sum of lap times by entry, where nothing else tells when a lap ended. */
  sums: Record<string, number>;
}

/** A race of 24 hours has some 1,000; a counter that has no lap says 32768. */
const LAP_MAX = 10_000;

/** Optional texts, numbers and durations of a lap, by the attribute that they become. */
const TEXTS = { driver: 'driver', team: 'team', cls: 'cls', compound: 'compound' } as const;
const NUMBERS = { tyreAge: 'tyreAge', stint: 'stint', fuelUsed: 'fuelUsedKg' } as const;
const DURATIONS = { sector1: 'sector1Ms', sector2: 'sector2Ms', sector3: 'sector3Ms', pitTime: 'pitTimeMs' } as const;

/**
 * Rows of laps → rows of the table of laps, as the race engine writes them (`engine/rows.ts`); beside its attributes stand
 * those that a sheet has more.
 */
export class LapRows implements RowTaker<LapState> {
  readonly #cells: RowCells;
  readonly #options: TakerOptions;
  readonly #columns: ReadonlyMap<Role, number>;
  readonly #more: { at: number; name: string }[];
  readonly #sums: Map<string, number>;
  taken: number;

  constructor(options: TakerOptions, state?: LapState) {
    this.#options = options;
    this.#cells = new RowCells(options, state);
    const { columns } = options.schema;
    this.#columns = new Map(columns.flatMap(({ role }, at) => (role === 'channel' ? [] : [[role, at]])));
    this.#more = columns.flatMap(({ role, name }, at) => (role === 'channel' ? [{ at, name }] : []));
    this.#sums = new Map(Object.entries(state?.sums ?? {}));
    this.taken = state?.taken ?? 0;
  }

  get seen() {
    return this.#cells.seen;
  }

  take(record: TableRecord): void {
    this.#cells.read(record, () => {
      const entry = this.#cells.name(this.#columns.get('entry') ?? -1);
      const lap = this.#lap();
      const lapTimeMs = this.#durationMs('lapTime', 'bad-lap-time');
      const facts = this.#facts(lap, lapTimeMs);
      const atMs = this.#atMs(entry, lapTimeMs);
      if (!this.#cells.seen.lap(entry, lap, atMs)) throw new Rejected('too-many-keys');
      const { run, expiresAt } = this.#options.target;
      if (lapTimeMs !== null) this.#sums.set(entry, (this.#sums.get(entry) ?? 0) + lapTimeMs);
      const row = lapsRow(run, 'lap', entry, atMs, lap, { ...facts, atMs, expiresAt });
      this.#options.emit({ table: 'laps', item: row });
      this.taken++;
    });
  }

  /** Every row goes out at once. */
  end(): void {}

  state(): LapState {
    return { ...this.#cells.state(), taken: this.taken, sums: Object.fromEntries(this.#sums) };
  }

  #facts(lap: number, lapTimeMs: number | null): Item {
    const facts: Item = {
      lap,
      lapTimeMs,
      position: this.#number('position'),
      flag: parseFlag(this.#text('flag')),
      inLap: parseYes(this.#text('pitIn')),
      outLap: parseYes(this.#text('pitOut')),
      // No timing record stands behind it: whatever an engine writes later is newer.
      version: 0,
      source: 'load',
    };
    for (const [role, name] of Object.entries(TEXTS) as [Role, string][]) facts[name] = this.#text(role) || undefined;
    for (const [role, name] of Object.entries(NUMBERS) as [Role, string][]) {
      facts[name] = this.#number(role) ?? undefined;
    }
    for (const [role, name] of Object.entries(DURATIONS) as [Role, string][]) {
      facts[name] = this.#durationMs(role, 'bad-number') ?? undefined;
    }
    if (this.#more.length > 0) {
      facts.more = Object.fromEntries(this.#more.map(({ at, name }) => [name, this.#cells.cells[at]]));
    }
    return facts;
  }

  /** When the lap ended. */
  #atMs(entry: string, lapTimeMs: number | null): number {
    const { lapClock, startMs } = this.#cells.schema;
    if (lapClock === 'time') return this.#cells.timeMs();
    const countedMs =
      lapClock === 'elapsed'
        ? this.#durationMs('elapsed', 'bad-time')
        : lapTimeMs === null
          ? null
          : (this.#sums.get(entry) ?? 0) + lapTimeMs;
    if (countedMs === null)
      throw new Rejected('no-elapsed', this.#title(lapClock === 'elapsed' ? 'elapsed' : 'lapTime'));
    const atMs = roundMs(startMs + countedMs);
    this.#cells.checkTime(atMs);
    return atMs;
  }

  #lap(): number {
    const lap = this.#number('lap');
    if (lap === null || !Number.isInteger(lap) || lap < 0 || lap > LAP_MAX) {
      throw new Rejected('bad-lap', this.#title('lap'));
    }
    return lap;
  }

  /** '' where there is nothing. */
  #text(role: Role): string {
    const at = this.#columns.get(role);
    const cell = at === undefined ? '' : this.#cells.cells[at];
    return isNothing(cell) ? '' : cell;
  }

  #number(role: Role): number | null {
    const cell = this.#text(role);
    if (cell === '') return null;
    const value = parseNumber(cell, this.#cells.schema.dialect.decimal);
    if (Number.isNaN(value)) throw new Rejected(role === 'lap' ? 'bad-lap' : 'bad-number', this.#title(role));
    return value;
  }

  #durationMs(role: Role, reason: 'bad-lap-time' | 'bad-time' | 'bad-number'): number | null {
    const cell = this.#text(role);
    if (cell === '') return null;
    const at = this.#columns.get(role)!;
    const { dialect, columns } = this.#cells.schema;
    const ms = parseDurationMs(cell, dialect.decimal, columns[at].unitMs);
    if (!(ms >= 0)) throw new Rejected(reason, columns[at].title);
    return ms;
  }

  #title(role: Role): string | undefined {
    const at = this.#columns.get(role);
    return at === undefined ? undefined : this.#cells.schema.columns[at].title;
  }
}
