/** Long telemetry as CSV, of any size: a moment of twenty cars every 40 ms, a row for each sample. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createGzip } from 'node:zlib';

const CHANNELS = ['speed', 'rpm', 'throttle', 'brakeFront', 'brakeRear', 'gear', 'steering', 'accX', 'accY', 'fuel'];
const CARS = 20;
const ROWS_A_WRITE = 10_000;
/** A file that is made for a bench is read once: little is won by packing it well. */
const GZIP_LEVEL = 1;

export interface LongCsv {
  rows: number;
  /** Before it was packed. */
  bytes: number;
}

/** Packed with gzip when the path ends so. Ends behind the rows or the bytes, whichever come first. */
export async function writeLongCsv(path: string, until: { rows?: number; bytes?: number }): Promise<LongCsv> {
  const { rows: rowsMax = Number.POSITIVE_INFINITY, bytes: bytesMax = Number.POSITIVE_INFINITY } = until;
  const file = createWriteStream(path);
  const gzip = path.endsWith('.gz') ? createGzip({ level: GZIP_LEVEL }) : undefined;
  gzip?.pipe(file);
  const sink = gzip ?? file;
  const head = 'meta_time,vehicle_id,telemetry_name,telemetry_value\n';
  sink.write(head);
  const made: LongCsv = { rows: 0, bytes: head.length };
  while (made.rows < rowsMax && made.bytes < bytesMax) {
    let text = '';
    for (const end = Math.min(made.rows + ROWS_A_WRITE, rowsMax); made.rows < end; made.rows++)
      text += lineOf(made.rows);
    made.bytes += text.length;
    if (!sink.write(text)) await once(sink, 'drain');
  }
  sink.end();
  await once(file, 'close');
  return made;
}

function lineOf(row: number): string {
  const moment = Math.floor(row / (CARS * CHANNELS.length));
  const channel = row % CHANNELS.length;
  const car = Math.floor(row / CHANNELS.length) % CARS;
  const value = (Math.sin(moment / 25 + channel) * 100).toFixed(2);
  return `${new Date(1.78e12 + moment * 40).toISOString()},car-${car},${CHANNELS[channel]},${value}\n`;
}
