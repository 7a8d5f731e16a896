/** The same samples by other people's means: JSON columns with gzip, and packed deltas in protobuf. */
import { gzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import type { ChannelTable } from '#wire/channels.js';
import type { SampleGroup } from '#wire/frame.js';

/** A frame's worth of samples. */
export interface Block {
  eventTimeMs: number;
  groups: readonly SampleGroup[];
}

const { Type, Field } = protobuf;
/** Varints of zigzagged differences, which is how a schema would say it by hand. */
const column = new Type('Column')
  .add(new Field('channel', 1, 'uint32'))
  .add(new Field('deltas', 2, 'sint32', 'repeated'))
  /** One bit a row; absent: every row has a value. */
  .add(new Field('present', 3, 'bytes'));
const group = new Type('Group')
  .add(new Field('times', 1, 'sint32', 'repeated'))
  .add(new Field('columns', 2, 'Column', 'repeated'));
const message = new Type('Frame')
  .add(new Field('thing', 1, 'string'))
  .add(new Field('seq', 2, 'uint32'))
  .add(new Field('eventTimeMs', 3, 'double'))
  .add(new Field('groups', 4, 'Group', 'repeated'));
new protobuf.Root().define('bench').add(column).add(group).add(message);

/** Values quantised as our frames do, each the difference to the one before; times in microseconds likewise. */
export function protobufDelta({ eventTimeMs, groups }: Block, table: ChannelTable): Uint8Array {
  return message
    .encode(
      message.fromObject({
        thing: 'car-24',
        seq: 1000,
        eventTimeMs,
        groups: groups.map(({ channels, count, values, timesUs, startUs, periodUs }) => ({
          times: timesUs ? deltasOf([...timesUs.subarray(0, count)]) : [startUs, periodUs, count],
          columns: [...channels].map((channel, c) =>
            columnOf(channel, values.subarray(c * count, (c + 1) * count), table),
          ),
        })),
      }),
    )
    .finish();
}

function columnOf(channel: number, values: Float64Array, table: ChannelTable): object {
  const { scale, offset } = table.channels[channel];
  const present = new Uint8Array(Math.ceil(values.length / 8));
  const whole: number[] = [];
  for (const [row, value] of values.entries()) {
    if (Number.isNaN(value)) continue;
    present[row >> 3] |= 1 << (row & 7);
    whole.push(Math.round((value - offset) / scale));
  }
  return { channel, deltas: deltasOf(whole), ...(whole.length < values.length && { present }) };
}

function deltasOf(values: readonly number[]): number[] {
  return values.map((value, i) => (i === 0 ? value : value - values[i - 1]));
}

/** Times in ms beside the columns by name, as a backend that takes JSON would want them. */
export function jsonGzip({ eventTimeMs, groups }: Block, table: ChannelTable): Uint8Array {
  const json = groups.map(({ channels, count, values, timesUs, startUs, periodUs }) => ({
    ...(timesUs
      ? { timesMs: Array.from(timesUs.subarray(0, count), (us) => us / 1000) }
      : { startMs: startUs / 1000, periodMs: periodUs / 1000 }),
    columns: Object.fromEntries(
      [...channels].map((channel, c) => [
        table.channels[channel].name,
        Array.from(values.subarray(c * count, (c + 1) * count), (value) => (Number.isNaN(value) ? null : value)),
      ]),
    ),
  }));
  return gzipSync(JSON.stringify({ thing: 'car-24', seq: 1000, eventTimeMs, groups: json }));
}
