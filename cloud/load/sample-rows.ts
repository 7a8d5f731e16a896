import { parseNumber } from '#wire/csv/dialect.js';
import { isNothing } from './cells.js';
import { type PackState, SamplePacker } from './packer.js';
import type { TableRecord } from './records.js';
import { Rejected } from './rejects.js';
import { RowCells, type RowTaker, type TakerOptions, type TakerState } from './row-taker.js';

export interface SampleState extends TakerState {
  packs: PackState[];
  taken: number;
}

interface Value {
  channel: { name: string; unit: string };
  value: number;
}

/** Rows of telemetry, long or wide → packs of samples. An empty cell is no sample; a row with a bad cell is refused whole. */
export class SampleRows implements RowTaker<SampleState> {
  readonly #cells: RowCells;
  readonly #packer: SamplePacker;
  readonly #channels: { at: number; name: string; unit: string }[];
  readonly #long: { thing: number; name: number; value: number };
  readonly #values: Value[] = [];
  readonly #named = new Map<string, { name: string; unit: string }>();
  taken: number;

  constructor(options: TakerOptions, state?: SampleState) {
    this.#cells = new RowCells(options, state);
    this.#packer = new SamplePacker(options.target, options.emit, state?.packs);
    this.taken = state?.taken ?? 0;
    this.#channels = options.schema.columns.flatMap(({ role, name, unit }, at) =>
      role === 'channel' ? [{ at, name, unit }] : [],
    );
    this.#long = { thing: this.#cells.at('thing'), name: this.#cells.at('name'), value: this.#cells.at('value') };
  }

  get seen() {
    return this.#cells.seen;
  }

  take(record: TableRecord): void {
    this.#cells.read(record, () => {
      const timeMs = this.#cells.timeMs();
      const thing = this.#cells.name(this.#long.thing);
      this.#values.length = 0;
      if (this.#cells.schema.kind === 'long') this.#readLong();
      else for (const channel of this.#channels) this.#read(channel.at, channel);
      for (const { channel } of this.#values) {
        if (!this.#cells.seen.sample(thing, channel, timeMs)) throw new Rejected('too-many-keys');
      }
      for (const { channel, value } of this.#values) this.#packer.add(thing, channel, this.#cells.line, timeMs, value);
      this.taken += this.#values.length;
    });
  }

  end(): void {
    this.#packer.end();
  }

  state(): SampleState {
    return { ...this.#cells.state(), packs: this.#packer.state(), taken: this.taken };
  }

  #readLong(): void {
    const { name, value } = this.#long;
    const text = this.#cells.name(name);
    let channel = this.#named.get(text);
    if (!channel) {
      channel = { name: text, unit: '1' };
      this.#named.set(text, channel);
    }
    this.#read(value, channel);
  }

  #read(at: number, channel: { name: string; unit: string }): void {
    const cell = this.#cells.cells[at];
    if (isNothing(cell)) return;
    const value = parseNumber(cell, this.#cells.schema.dialect.decimal);
    if (!Number.isFinite(value)) throw new Rejected('bad-number', this.#cells.schema.columns[at].title);
    this.#values.push({ channel, value });
  }
}
