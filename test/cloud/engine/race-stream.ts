import type { StreamRecord } from '#cloud/streams/source.js';
import type { Envelope, Flag } from '#wire/messages.js';
import type { RaceRecord, SessionOpen } from '#wire/race-records.js';
import { seededRandom } from '#wire/random.js';

export const START_MS = Date.UTC(2026, 5, 14, 18);
export const LAP_MS = 30_000;
export const RACE = '2026-06-14-1';

export function sessionOpen(cars = 3, changes: Partial<SessionOpen> = {}): SessionOpen {
  return {
    v: 1,
    kind: 'session',
    type: 'open',
    inputId: `open-${changes.race ?? RACE}`,
    race: RACE,
    author: 'race control',
    eventTimeMs: START_MS - 1_000,
    name: 'Test race',
    track: 'Oval',
    lapsTotal: 60,
    timingThing: 'timing-1',
    pitToCar: 'display',
    car: { tankKg: 60, fuelPerLapKg: 3, pitLossMs: 22_000, tyreLifeLaps: 30 },
    roster: Array.from({ length: cars }, (_, i) => ({
      entry: String(i + 1),
      number: String(i + 1),
      driver: `Driver ${i + 1}`,
      team: 'Team',
      cls: 'A',
      transponder: `T${i + 1}`,
      thing: `car-${i + 1}`,
      own: true,
    })),
    seed: 7,
    ...changes,
  };
}

/** Numbers messages of one thing and boot as its agent would, frames in between left out. */
export class Sender {
  #seq = 0;
  #prev = 0;
  readonly thing: string;
  readonly boot = '1-00000000000000aa';

  constructor(thing: string) {
    this.thing = thing;
  }

  envelope(eventTimeMs: number): Envelope {
    this.#seq += 2;
    const envelope = {
      v: 1 as const,
      thing: this.thing,
      boot: this.boot,
      seq: this.#seq,
      prev: this.#prev,
      eventTimeMs,
    };
    this.#prev = this.#seq;
    return envelope;
  }
}

export function flagRecord(timing: Sender, flag: Flag, lap: number, atMs: number): RaceRecord {
  return { ...timing.envelope(atMs), kind: 'timing', type: 'flag', flag, lap };
}

export function passingRecord(timing: Sender, car: number, lap: number, atMs: number, position: number): RaceRecord {
  return {
    ...timing.envelope(atMs),
    kind: 'timing',
    type: 'passing',
    transponder: `T${car}`,
    number: String(car),
    loop: 'SF',
    lap,
    lapTimeMs: lap === 0 ? null : LAP_MS + car * 100,
    position,
    elapsedMs: atMs - START_MS,
  };
}

/** A race of `laps` laps: green flag, crossings, and a summary per car and lap with the fuel used. */
export function raceRecords(cars: number, laps: number): { key: string; record: RaceRecord }[] {
  const timing = new Sender('timing-1');
  const senders = Array.from({ length: cars }, (_, i) => new Sender(`car-${i + 1}`));
  const records: { key: string; record: RaceRecord }[] = [{ key: RACE, record: sessionOpen(cars) }];
  const put = (key: string, record: RaceRecord) => records.push({ key, record });
  put('timing-1', flagRecord(timing, 'green', 0, START_MS));
  for (let lap = 0; lap <= laps; lap++) {
    for (let car = 1; car <= cars; car++) {
      const atMs = START_MS + 1_000 * car + lap * (LAP_MS + car * 100);
      put('timing-1', passingRecord(timing, car, lap, atMs, car));
      const channels = { speed: { min: 80, max: 300, mean: 220, last: 250 } };
      put(`car-${car}`, {
        ...senders[car - 1].envelope(atMs + 200),
        kind: 'event',
        type: 'summary',
        lapHint: lap,
        channels,
        fuelUsedKg: lap * 3.05,
      });
    }
  }
  return records;
}

/** As the stream gives them: shuffled a little, some twice, stamped by arrival. The session stays first. */
export function onTheWire(records: { key: string; record: RaceRecord }[], seed: number): StreamRecord[] {
  const random = seededRandom(seed);
  const [open, ...rest] = records.flatMap((one, i) => (i > 0 && random() < 0.15 ? [one, one] : [one]));
  for (let i = rest.length - 1; i > 0; i--) {
    const other = Math.max(0, i - Math.floor(random() * 4));
    [rest[i], rest[other]] = [rest[other], rest[i]];
  }
  return [open, ...rest].map(({ key, record }, i) => toStreamRecord(key, record, i + 1));
}

export function toStreamRecord(
  partitionKey: string,
  record: object,
  sequence: number,
  arrivalMs = sequence * 50,
): StreamRecord {
  return { sequenceNumber: String(sequence), partitionKey, data: Buffer.from(JSON.stringify(record)), arrivalMs };
}
