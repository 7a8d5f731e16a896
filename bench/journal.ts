/** What the journal costs: appending a frame, beside a plain append to a file and to a Level store, and opening a gigabyte. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { Journal } from '#device/journal/journal.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { type Figure, round } from './figure.js';

/** A frame of 60 channels × 20 samples. */
const FRAME_BYTES = 1100;
const APPENDS = 20_000;
const ROUNDS = 5;
const OPENED_BYTES = 2 ** 30;
const BATCH = 1000;

/** `openedBytes`: less than the gigabyte where there is no room for it; the figure's name says what it was. */
export async function journalFigures(openedBytes = OPENED_BYTES): Promise<Figure[]> {
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-journal-'));
  try {
    return [...(await appendFigures(dir)), await openFigure(join(dir, 'large'), openedBytes)];
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

const open = (dir: string, maxBytes: number) =>
  new Journal({ dir, maxBytes, random: seededRandom(1), raceClock: wallClock, log: silentLog, fsync: 'none' });

async function appendFigures(dir: string): Promise<Figure[]> {
  const payload = new Uint8Array(FRAME_BYTES).fill(7);
  const journal = open(join(dir, 'journal'), 2 * ROUNDS * APPENDS * FRAME_BYTES);
  let seq = 0;
  const ours = rates(() => {
    journal.append({ seq: ++seq, kind: 'frame', payload });
    journal.commit();
  });
  await journal.close();

  const fd = openSync(join(dir, 'plain'), 'a');
  const plain = rates(() => {
    writeSync(fd, payload);
  });
  closeSync(fd);

  const level = new ClassicLevel<number, Uint8Array>(join(dir, 'level'), {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
  });
  await level.open();
  const stored: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    for (let i = 0; i < APPENDS / 10; i++) await level.put(++seq, payload);
    stored.push((APPENDS / 10 / (performance.now() - startMs)) * 1000);
  }
  await level.close();

  const value = round(Math.max(...ours), 0);
  const figure = (name: string, peer: string, peers: number[]): Figure => ({
    name,
    unit: 'records/s, one commit each',
    value,
    spread: round((value - Math.min(...ours)) / value),
    peer: { name: peer, value: round(Math.max(...peers), 0) },
    ratio: round(value / Math.max(...peers)),
  });
  return [
    figure('journal.append', 'writeSync alone', plain),
    figure('journal.append/level', 'classic-level put', stored),
  ];
}

function rates(work: () => void): number[] {
  return Array.from({ length: ROUNDS }, () => {
    const startMs = performance.now();
    for (let i = 0; i < APPENDS; i++) work();
    return (APPENDS / (performance.now() - startMs)) * 1000;
  });
}

/** Until the constructor returns and the first record may be appended; what waits is read after that. */
async function openFigure(dir: string, bytes: number): Promise<Figure> {
  const full = open(dir, 2 * bytes);
  const payload = new Uint8Array(FRAME_BYTES).fill(7);
  for (let seq = 0; full.stats().bytes < bytes; ) {
    for (let i = 0; i < BATCH; i++) full.append({ seq: ++seq, kind: 'frame', payload });
    full.commit();
  }
  await full.close();
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    const again = open(dir, 2 * bytes);
    again.append({ seq: 1, kind: 'frame', payload });
    again.commit();
    times.push(performance.now() - startMs);
    await again.close();
  }
  const value = round(Math.min(...times));
  const name = `journal.open ${round(bytes / 2 ** 20, 0)} MiB`;
  return { name, unit: 'ms', value, spread: round((Math.max(...times) - value) / value) };
}
