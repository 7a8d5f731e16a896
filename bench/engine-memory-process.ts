/**
 * Folds a race of 24 hours and 60 cars in a process of its own, record by record as from the stream, and says what that
 * left behind. Run with `--expose-gc`.
 */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { RaceCore } from '#cloud/engine/race-core.js';
import { parseRaceRecord } from '#cloud/engine/records.js';
import { raceView } from '#cloud/engine/view.js';
import type { SummaryEvent, TimingMessage } from '#wire/messages.js';
import type { SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';
import { RACE, rosterEntry, START_MS, sessionOpen, summary, TimingFeed } from '../test/helpers/race-records.js';

const CARS = 60;
const OWN = 2;
const HOURS = 24;
const LAP_MS = 216_000;
/** Of each car; the agents' own is a second. What is kept of summaries is bounded, so fewer of them show the same. */
const SUMMARY_MS = 10_000;
const STINT_LAPS = 13;
const PIT_MS = 65_000;
/** A caution of so many minutes, every so many. */
const CAUTION = { every: 130, minutes: 12 };
/** At the end, with every question asked. */
const ASKED_MINUTES = 20;
const MINUTE_MS = 60_000;

interface Car {
  entry: string;
  lap: number;
  crossMs: number;
  lapTimeMs: number;
  usedKg: number;
  inPit: boolean;
  /** When it leaves the pits; infinite outside of them. */
  outMs: number;
}

const SPREAD = { min: 40, max: 310, mean: 190, last: 220 };
const CHANNELS = { speed: SPREAD, rpm: SPREAD, throttle: SPREAD, oilTemp: SPREAD, waterTemp: SPREAD, fuelFlow: SPREAD };
const random = seededRandom(24);
const timing = new TimingFeed();
const roster = Array.from({ length: CARS }, (_, i) =>
  rosterEntry(String(i + 1), { own: i < OWN, cls: i < 20 ? 'P' : 'G' }),
);
const cars: Car[] = roster.map(({ entry }, i) => ({
  entry,
  lap: 0,
  crossMs: i * 300,
  lapTimeMs: 0,
  usedKg: 0,
  inPit: false,
  outMs: Number.POSITIVE_INFINITY,
}));
const open: SessionOpen = sessionOpen({
  roster,
  rules: 'endurance',
  lapsTotal: null,
  durationMs: HOURS * 60 * MINUTE_MS,
  car: { tankKg: 70, fuelPerLapKg: 5, pitLossMs: PIT_MS, tyreLifeLaps: 30 },
});

const mb = (bytes: number) => Math.round((bytes / 1_048_576) * 10) / 10;
const collect = () => globalThis.gc?.();

collect();
const before = process.memoryUsage();
let core = new RaceCore(undefined, { asks: false });
let sequence = 0;
let rssMax = before.rss;
let times: number[] | undefined;
const answerTimes: number[] = [];
let asked = 0;
core.begin(open);
take(RACE, open);
const endMs = HOURS * 60 * MINUTE_MS;
let flag = '';
for (let ms = 0; ms < endMs; ms += 1_000) {
  if (ms === endMs - ASKED_MINUTES * MINUTE_MS) {
    core = new RaceCore(JSON.parse(JSON.stringify(core)));
    times = [];
    asked = 0;
  }
  raise(ms);
  for (const car of cars) drive(car, ms);
  if (ms % (10 * MINUTE_MS) === 0) rssMax = Math.max(rssMax, process.memoryUsage.rss());
}
rssMax = Math.max(rssMax, process.memoryUsage.rss());
collect();
const after = process.memoryUsage();

let startMs = performance.now();
const json = JSON.stringify(core);
const stringifyMs = performance.now() - startMs;
const packed = await promisify(gzip)(Buffer.from(json));
startMs = performance.now();
const restored = new RaceCore(JSON.parse(json));
const restoreMs = performance.now() - startMs;
if (!restored.state) throw new Error('There is no race in the snapshot.');
startMs = performance.now();
const view = raceView(restored.state, core.answer, { raceTimeMs: START_MS + endMs, speed: 1 });
const viewMs = performance.now() - startMs;
times?.sort((a, b) => a - b);
answerTimes.sort((a, b) => a - b);
const at = (sorted: number[] | undefined, share: number) => sorted?.[Math.floor(sorted.length * share)] ?? 0;
process.send?.(
  {
    records: sequence,
    laps: cars.reduce((sum, { lap }) => sum + lap, 0),
    answers: core.counters.answers,
    failures: core.counters.failures,
    heapMb: mb(after.heapUsed + after.external - before.heapUsed - before.external),
    rssMb: mb(rssMax - before.rss),
    snapshotMb: mb(json.length),
    packedMb: mb(packed.length),
    viewKb: Math.round(JSON.stringify(view).length / 1024),
    stringifyMs,
    restoreMs,
    viewMs,
    recordP50Ms: at(times, 0.5),
    answerP50Ms: at(answerTimes, 0.5),
    recordMaxMs: times?.at(-1) ?? 0,
  },
  () => process.exit(0),
);

/** Green at the start, and cautions now and then. */
function raise(ms: number): void {
  const minute = (ms / MINUTE_MS) % CAUTION.every;
  const wanted = ms >= CAUTION.every * MINUTE_MS && minute < CAUTION.minutes ? 'yellow' : 'green';
  if (wanted === flag) return;
  flag = wanted;
  put(timing.flag(wanted, Math.max(...cars.map(({ lap }) => lap)), START_MS + ms));
}

/** What a car gives in the second behind `ms`. */
function drive(car: Car, ms: number): void {
  const number = Number(car.entry);
  if (car.crossMs <= ms) {
    const { entry, lap, inPit, lapTimeMs } = car;
    const atMs = START_MS + car.crossMs;
    if (inPit) put(timing.passing(entry, lap, atMs - 2_000, { loop: 'PI' }));
    put(timing.passing(entry, lap, atMs, { lapTimeMs: lap === 0 ? null : lapTimeMs }));
    if (inPit) car.outMs = car.crossMs + PIT_MS;
    const greenMs = LAP_MS * (flag === 'yellow' ? 1.5 : 1) + number * 150 + Math.round(random() * 2_000);
    car.lapTimeMs = greenMs + (inPit ? PIT_MS : 0);
    car.crossMs += car.lapTimeMs;
    car.lap++;
    car.usedKg += 5;
    car.inPit = (car.lap + number) % STINT_LAPS === 0;
  }
  if (car.outMs <= ms) {
    put(timing.passing(car.entry, car.lap, START_MS + car.outMs, { loop: 'PO' }));
    put(timing.stop(car.entry, car.lap - 1, START_MS + car.outMs + 500));
    car.outMs = Number.POSITIVE_INFINITY;
  }
  if ((ms + number * 1_000) % SUMMARY_MS === 0) {
    put(summary(car.entry, START_MS + ms, { fuelUsedKg: car.usedKg, channels: CHANNELS }));
  }
}

function put(record: TimingMessage | SummaryEvent): void {
  take(record.thing, record);
}

function take(partitionKey: string, record: object): void {
  const data = Buffer.from(JSON.stringify(record));
  const arrivalMs = 'eventTimeMs' in record ? Number(record.eventTimeMs) + 300 : START_MS;
  const stamped = { sequenceNumber: String(++sequence), partitionKey, data, arrivalMs };
  const startedMs = performance.now();
  core.take('shardId-000000000000', stamped, parseRaceRecord(stamped));
  const ms = performance.now() - startedMs;
  times?.push(ms);
  if (core.counters.answers > asked) answerTimes.push(ms);
  asked = core.counters.answers;
}
