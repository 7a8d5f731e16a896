import type { SamplePoints } from '#cloud/dashboard/view.js';
import type { Frame, SampleGroup } from '#wire/frame.js';
import type { KnownTable } from './channel-tables.js';
import { firstSampleAt, sampleUs } from './sample-times.js';

/** Points per channel and frame: 50 a second for frames of 100 ms, more than a strip chart can draw. */
const MAX_POINTS = 5;

/**
 * A frame thinned for the screen: every n-th sample of the fastest group that has display channels gives the times; slower
 * channels show the sample that held at that time. Undefined when the frame has no display channel. A channel whose value
 * is missing at all of these times is left out; a single missing one shows the value before it.
 */
export function decimate(frame: Frame, known: KnownTable): SamplePoints | undefined {
  const columns = findColumns(frame, known);
  if (columns.length === 0) return undefined;
  let base = columns[0].group;
  for (const { group } of columns) if (group.count > base.count) base = group;
  const stride = Math.ceil(base.count / MAX_POINTS);
  const timesUs: number[] = [];
  // From the end, so that the newest sample is always among them.
  for (let i = base.count - 1; i >= 0; i -= stride) timesUs.push(sampleUs(base, i));
  timesUs.reverse();

  const channels: SamplePoints['channels'] = {};
  for (const { name, unit, group, from } of columns) {
    const values = valuesAt(group, from, timesUs);
    if (values) channels[name] = { unit, values };
  }
  const { eventTimeMs } = frame.header;
  return { thing: frame.header.thing, timesMs: timesUs.map((us) => eventTimeMs + us / 1000), channels };
}

interface Column {
  name: string;
  unit: string;
  group: SampleGroup;
  /** Index of the channel's first value in its group. */
  from: number;
}

function findColumns(frame: Frame, known: KnownTable): Column[] {
  const columns: Column[] = [];
  for (const { index, name, unit } of known.display) {
    for (const group of frame.groups) {
      const column = group.channels.indexOf(index);
      if (column >= 0) columns.push({ name, unit, group, from: column * group.count });
    }
  }
  return columns;
}

function valuesAt(group: SampleGroup, from: number, timesUs: readonly number[]): number[] | undefined {
  const values: number[] = [];
  let held = Number.NaN;
  for (const us of timesUs) {
    const after = firstSampleAt(group, us);
    const at = after < group.count && sampleUs(group, after) === us ? after : Math.max(0, after - 1);
    const value = group.values[from + at];
    if (!Number.isNaN(value)) held = value;
    values.push(held);
  }
  if (Number.isNaN(held)) return undefined;
  for (let i = values.length - 2; i >= 0; i--) if (Number.isNaN(values[i])) values[i] = values[i + 1];
  return values;
}
