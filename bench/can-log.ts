/** A car's bus as text: the real log of 90 s where the shared data is ($PITWALL_SHARED), else a made one. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { CandumpReader } from '#device/sources/can/candump.js';
import type { CanFrame } from '#device/sources/can/frame.js';
import { seededRandom } from '#wire/random.js';

const SEED = 7;
const MADE_FRAMES = 80_000;

export interface CanLog {
  name: string;
  log: Buffer;
  dbc: string;
}

/** The shared data; the folder may be absent. */
export const SHARED = resolve(process.env.PITWALL_SHARED ?? resolve(import.meta.dirname, '../../shared'), 'data');

export function canLog(): CanLog {
  return realLog() ?? madeLog();
}

export function framesOf(log: Buffer): CanFrame[] {
  const reader = new CandumpReader();
  reader.feed(log);
  const frames: CanFrame[] = [];
  while (reader.next()) frames.push({ ...reader.frame, data: reader.frame.data.slice(0, 8) });
  return frames;
}

function realLog(): CanLog | undefined {
  const folder = resolve(SHARED, 'can');
  if (!existsSync(resolve(folder, 'brz_candump_90s.log.gz'))) return undefined;
  const dbc = readFileSync(resolve(folder, 'brz_sample.dbc'), 'utf8');
  return { name: 'brz', log: gunzipSync(readFileSync(resolve(folder, 'brz_candump_90s.log.gz'))), dbc };
}

/** Eight messages of two signals each, as many of which no file knows. */
function madeLog(): CanLog {
  const random = seededRandom(SEED);
  const messages = Array.from(
    { length: 8 },
    (_, i) =>
      `BO_ ${256 + i} M${i}: 8 X\n SG_ A${i} : 0|16@1+ (0.1,0) [0|6553.5] "" X\n SG_ B${i} : 23|12@0- (0.5,0) [-1024|1024] "" X\n`,
  );
  const lines = Array.from({ length: MADE_FRAMES }, (_, i) => {
    const data = Array.from({ length: 8 }, () =>
      Math.floor(random() * 256)
        .toString(16)
        .padStart(2, '0'),
    ).join('');
    return `(${(1_700_000_000 + i / 1000).toFixed(6)}) can0 ${(256 + (i % 16)).toString(16)}#${data.toUpperCase()}\n`;
  });
  return { name: 'made', log: Buffer.from(lines.join('')), dbc: messages.join('\n') };
}
