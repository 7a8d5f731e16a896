import { MAX_CHANNELS } from './channels.js';
import { decodeFrame, decodeFrameHeader, FrameEncoder, type SampleGroup } from './frame.js';
import type { ChannelSpec } from './messages.js';

/**
 * The same frame with every n-th sample of each channel: identity, times and channel table stay, so that it is the same
 * record in another resolution. Values are kept as the whole numbers that stand in the frame; no table is needed.
 *
 * Returns the bytes and how many samples they have less. Raises PW-WIRE-FRAME when the bytes are no frame.
 */
export function thinFrame(bytes: Uint8Array, keepEvery: number): { bytes: Uint8Array; droppedSamples: number } {
  const header = decodeFrameHeader(bytes);
  const raw = { channels: RAW_CHANNELS, inverseScale: RAW_INVERSE, hash: header.tableHash };
  const frame = decodeFrame(bytes, raw, header);
  let kept = 0;
  const groups = frame.groups.map((group) => {
    const thin = thinGroup(group, keepEvery);
    kept += thin.count * thin.channels.length;
    return thin;
  });
  const encoder = new FrameEncoder(raw, header.thing, header.boot);
  return { bytes: encoder.encode(header, groups), droppedSamples: frame.samples - kept };
}

function thinGroup(group: SampleGroup, keepEvery: number): SampleGroup {
  const { channels, count, values, periodUs, timesUs } = group;
  const keep = Math.ceil(count / keepEvery);
  const thin = new Float64Array(channels.length * keep);
  for (let c = 0; c < channels.length; c++) {
    for (let i = 0; i < keep; i++) thin[c * keep + i] = values[c * count + i * keepEvery];
  }
  return {
    ...group,
    count: keep,
    periodUs: periodUs * keepEvery,
    timesUs: timesUs && Int32Array.from({ length: keep }, (_, i) => timesUs[i * keepEvery]),
    values: thin,
  };
}

/** Every channel as it stands in the frame: value = whole number. */
const RAW: ChannelSpec = { name: 'raw', unit: '1', scale: 1, offset: 0, rateHz: 1 };
const RAW_CHANNELS: readonly ChannelSpec[] = new Array<ChannelSpec>(MAX_CHANNELS).fill(RAW);
const RAW_INVERSE = new Float64Array(MAX_CHANNELS).fill(1);
