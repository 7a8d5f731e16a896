/** A car's bus: frames a second from the text of candump to values, beside `candied` from the same frames. */
import { Can as CandiedCan, Dbc as CandiedDbc } from 'candied';
import { CandumpReader } from '#device/sources/can/candump.js';
import { parseDbc } from '#device/sources/can/dbc/parse.js';
import { CanDecoder } from '#device/sources/can/decoder.js';
import type { CanFrame } from '#device/sources/can/frame.js';
import { canLog, framesOf } from './can-log.js';
import { type Figure, round } from './figure.js';

const ROUNDS = 7;
/** The peer is slow: so many frames show it. */
const PEER_FRAMES = 5000;

export async function canFigures(): Promise<Figure[]> {
  const material = canLog();
  const decoder = new CanDecoder([parseDbc('bench.dbc', material.dbc)]);
  const frames = framesOf(material.log);
  const bare = perSecond(frames.length, () => {
    for (const frame of frames) decoder.decode(frame);
  });
  const text = perSecond(frames.length, () => {
    const reader = new CandumpReader();
    reader.feed(material.log);
    while (reader.next()) decoder.decode(reader.frame);
  });
  const peer = candied(material.dbc, frames.slice(0, PEER_FRAMES));
  const beside = { peer: { name: 'candied, frames given', value: peer } };
  return [
    {
      name: `can ${material.name} decode, frames given`,
      unit: 'frames/s',
      ...bare,
      ...beside,
      ratio: round(bare.value / peer),
    },
    {
      name: `can ${material.name} decode, from text`,
      unit: 'frames/s',
      ...text,
      ...beside,
      ratio: round(text.value / peer),
    },
  ];
}

/** Its parser misses a space behind a comma and reads no extended ids: it gets a file that it understands. */
function candied(dbc: string, frames: readonly CanFrame[]): number {
  const peer = new CandiedDbc();
  const can = new CandiedCan();
  can.database = peer.load(dbc.replace(/, /g, ','));
  return perSecond(
    frames.length,
    () => {
      for (const { id, length, data } of frames) can.decode(can.createFrame(id, [...data.subarray(0, length)]));
    },
    2,
  ).value;
}

function perSecond(count: number, work: () => void, rounds = ROUNDS): { value: number; spread: number } {
  work();
  const rates = Array.from({ length: rounds }, () => {
    const startMs = performance.now();
    work();
    return (count * 1000) / (performance.now() - startMs);
  });
  const best = Math.max(...rates);
  return { value: Math.round(best), spread: round((best - Math.min(...rates)) / best) };
}
