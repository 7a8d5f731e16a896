/** What a frame costs: bytes a sample, encoding, decoding; beside JSON columns with gzip, the usual choice. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { ChannelTable } from '#wire/channels.js';
import { decodeFrame, FrameEncoder, type SampleGroup } from '#wire/frame.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, microseconds, round } from './figure.js';

const CHANNELS = 60;
const SCALES = [0.01, 1, 0.1, 1e-7];
const CALLS = 300;
const SEED = 7;

/**
 * Two sines and Gaussian noise of a few steps, rounded to each channel's resolution, as sensors give.
 *
 * @param from the sample that it begins with: signals of one car go on from frame to frame
 */
export function signal(
  samples: number,
  from = 0,
  random = seededRandom(SEED),
): { table: ChannelTable; group: SampleGroup } {
  const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const table = new ChannelTable(
    Array.from({ length: CHANNELS }, (_, c) => ({
      name: `c${c}`,
      unit: '1',
      scale: SCALES[c % 4],
      offset: 0,
      rateHz: 100,
    })),
  );
  const values = new Float64Array(CHANNELS * samples);
  for (let c = 0; c < CHANNELS; c++) {
    for (let i = 0; i < samples; i++) {
      const at = from + i;
      const steps = 3000 * Math.sin((at / 100) * (1 + c / 30)) + 900 * Math.sin((at / 17) * (1 + c / 50)) + 4 * gauss();
      values[c * samples + i] = SCALES[c % 4] * Math.round(steps);
    }
  }
  const channels = Uint16Array.from({ length: CHANNELS }, (_, c) => c);
  return { table, group: { channels, count: samples, startUs: 0, periodUs: 10_000, values } };
}

export async function frameFigures(): Promise<Figure[]> {
  return [10, 20, 50].flatMap((samples) => {
    const { table, group } = signal(samples);
    const encoder = new FrameEncoder(table, 'car-24', { counter: 1, random: 1n });
    const header = {
      seq: 2,
      prev: 1,
      lane: 'live',
      eventTimeMs: 0,
      monotonicMs: 0,
      clockQuality: 1,
      clockErrorMs: 5,
    } as const;
    const bytes = encoder.encode(header, [group]);
    const columns = () =>
      Object.fromEntries(
        table.channels.map(({ name }, c) => [name, [...group.values.subarray(c * samples, (c + 1) * samples)]]),
      );
    const packed = gzipSync(JSON.stringify(columns()));
    const name = `frame ${CHANNELS}x${samples}`;
    const beside = (figure: { value: number; spread: number }, peer: number) => ({
      ...figure,
      peer: { name: 'JSON columns, gzip', value: round(peer) },
      ratio: round(figure.value / peer, 3),
    });
    return [
      {
        name: `${name} size`,
        unit: 'B/sample',
        ...beside({ value: round(bytes.length / CHANNELS / samples), spread: 0 }, packed.length / CHANNELS / samples),
      },
      {
        name: `${name} encode`,
        unit: 'µs',
        ...beside(
          microseconds(() => encoder.encode(header, [group]), CALLS),
          microseconds(() => gzipSync(JSON.stringify(columns())), 30).value,
        ),
      },
      {
        name: `${name} decode`,
        unit: 'µs',
        ...beside(
          microseconds(() => decodeFrame(bytes, table), CALLS),
          microseconds(() => JSON.parse(gunzipSync(packed).toString()), 30).value,
        ),
      },
    ];
  });
}
