import type { AgentEvent, AlarmEvent, HealthMessage, SummaryEvent } from '#wire/messages.js';
import { addFuelSample, refreshFuel } from './car-fuel.js';
import { applyCarLap } from './car-laps.js';
import { findEntryOfThing } from './entries.js';
import { ignore } from './ignored.js';
import type { CarData, EntryState, RaceState, RaceTrigger } from './types.js';
import { bootCounter } from './versions.js';

/** Alarm names known per entry. */
const MAX_ALARMS = 64;
/** Things that are in no roster and of which health is kept all the same: a spare car, a replay. */
const MAX_UNLISTED = 64;

/** What the car's agent made of its channels. Setup outcomes change nothing here. */
export function applyAgentEvent(state: RaceState, event: AgentEvent): RaceTrigger[] {
  const entry = findEntryOfThing(state, event.thing, event.eventTimeMs);
  if (entry === undefined) return ignore(state, 'unknown-thing');
  if (!Number.isFinite(event.eventTimeMs)) return ignore(state, 'damaged');
  switch (event.type) {
    case 'summary':
      return applySummary(state, entry, event);
    case 'alarm':
      return applyAlarm(state, entry, event);
    case 'lap':
      return applyCarLap(state, entry, event);
    default:
      return [];
  }
}

/** Of health only the newest counts; any of it says that the agent lives. */
export function applyHealth(state: RaceState, message: HealthMessage, arrivalMs: number): RaceTrigger[] {
  const { thing, eventTimeMs: atMs, link, journal } = message;
  const bootCount = bootCounter(message.boot);
  if (!Number.isFinite(atMs) || !Number.isFinite(bootCount)) return ignore(state, 'damaged');
  const known = state.health[thing];
  if (known === undefined && isUnlisted(state, thing) && unlistedThings(state).length >= MAX_UNLISTED) {
    return ignore(state, 'unknown-thing');
  }
  const heardMs = Math.max(known?.heardMs ?? arrivalMs, arrivalMs);
  if (known !== undefined && known.atMs > atMs) {
    known.heardMs = heardMs;
    return [];
  }
  state.health[thing] = {
    atMs,
    heardMs,
    link,
    unsent: journal.unsentRecords,
    unacked: journal.unackedRecords,
    bootCount,
    oldestMs: journal.oldestUnackedMs,
    dropped: Object.values(message.drops).reduce((sum, count) => sum + count, 0),
    reconnects: message.reconnects,
    rttMs: message.rttMs,
    clock: message.clock ? { quality: message.clock.quality, errorMs: message.clock.errorMs } : null,
  };
  return [];
}

/** Things that told of their health and are in nobody's roster, in order of their names. */
export function unlistedThings(state: RaceState): string[] {
  return Object.keys(state.health)
    .filter((thing) => isUnlisted(state, thing))
    .sort();
}

function isUnlisted(state: RaceState, thing: string): boolean {
  return findEntryOfThing(state, thing) === undefined && thing !== state.session.timingThing;
}

function applySummary(state: RaceState, entry: EntryState, event: SummaryEvent): RaceTrigger[] {
  const boot = bootCounter(event.boot);
  if (!Number.isFinite(boot)) return ignore(state, 'damaged');
  entry.car ??= createCar(event);
  const { car } = entry;
  if (boot < bootCounter(car.boot)) return ignore(state, 'old-boot');
  if (boot > bootCounter(car.boot)) restart(car, event.boot);

  const { eventTimeMs: atMs, fuelUsedKg } = event;
  if (atMs >= car.atMs) {
    car.atMs = atMs;
    car.channels = event.channels;
  }
  if (fuelUsedKg !== undefined && Number.isFinite(fuelUsedKg) && fuelUsedKg >= 0) {
    const usedKg = car.fuelOffsetKg + fuelUsedKg;
    // Heard first in mid-race: no base, and fuel is counted by laps (cloud/strategy/answers/fuel.ts).
    if (entry.laps.length === 0 || atMs < entry.laps[0].atMs) {
      car.fuelUsedAtStartKg = Math.min(car.fuelUsedAtStartKg ?? usedKg, usedKg);
    }
    addFuelSample(car, atMs, usedKg);
    if (atMs === car.atMs) car.fuelUsedKg = fuelUsedKg;
    refreshFuel(entry);
  }
  return [];
}

function createCar(event: SummaryEvent): CarData {
  return {
    atMs: event.eventTimeMs,
    boot: event.boot,
    fuelUsedKg: null,
    fuelOffsetKg: 0,
    fuelUsedAtLapKg: null,
    fuelUsedAtStintKg: null,
    fuelUsedAtStartKg: null,
    fuelPerLapKg: [],
    fuelPerYellowLapKg: [],
    samples: [],
    crossings: [],
    channels: {},
  };
}

/** The integral of a new boot starts from 0; what the boot before had used goes into the offset. */
function restart(car: CarData, boot: string): void {
  car.fuelOffsetKg += car.fuelUsedKg ?? 0;
  car.fuelUsedKg = car.fuelUsedKg === null ? null : 0;
  car.boot = boot;
}

function applyAlarm(state: RaceState, entry: EntryState, event: AlarmEvent): RaceTrigger[] {
  const { name, level, value, eventTimeMs: atMs } = event;
  if (!Number.isFinite(value)) return ignore(state, 'damaged');
  const knownMs = entry.alarmAtMs[name];
  if (knownMs !== undefined && knownMs >= atMs) return [];
  if (knownMs === undefined && Object.keys(entry.alarmAtMs).length >= MAX_ALARMS)
    return ignore(state, 'too-many-facts');
  entry.alarmAtMs[name] = atMs;
  entry.alarms = entry.alarms.filter((alarm) => alarm.name !== name);
  if (event.state === 'raised') {
    entry.alarms.push({ name, level, value, atMs });
    entry.alarms.sort((a, b) => a.atMs - b.atMs || (a.name < b.name ? -1 : 1));
  }
  return [];
}
