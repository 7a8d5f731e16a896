import type { SampleGroup } from '#wire/frame.js';

/** Time of sample i, µs after the frame's event time. */
export function sampleUs(group: SampleGroup, i: number): number {
  return group.timesUs ? group.timesUs[i] : group.startUs + i * group.periodUs;
}

/** Index of the first sample at or after `us`; `count` when there is none. */
export function firstSampleAt(group: SampleGroup, us: number): number {
  const { count, timesUs, startUs, periodUs } = group;
  if (!timesUs) {
    if (us <= startUs) return 0;
    return periodUs > 0 ? Math.min(count, Math.ceil((us - startUs) / periodUs)) : count;
  }
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timesUs[middle] < us) low = middle + 1;
    else high = middle;
  }
  return low;
}
