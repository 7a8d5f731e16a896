import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { applyShadowRequest, type ShadowRecord } from '#cloud/local/iot-core/shadow/core.js';
import { DEFAULT_SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import { setupShadow } from '#device/setup/car-setup.js';
import { ShadowSync } from '#device/setup/shadow-sync.js';
import type { Link, MessageHandler } from '#device/uplink/link.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import type { CarSetup } from '#wire/messages.js';
import { namedRandom, type Random } from '#wire/random.js';

const THING = 'car-1';
const FIELDS: Record<keyof CarSetup, [number, number]> = {
  wingDeg: [0, 20],
  frontPressureKpa: [150, 200],
  rearPressureKpa: [150, 200],
  brakeBiasPct: [50, 60],
  fuelMap: [1, 8],
};
const NAMES = Object.keys(FIELDS) as (keyof CarSetup)[];
const STEPS = 120;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pitwall-shadow-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** The shadow service (the local broker's own core) behind a network that loses, doubles, delays and reorders. */
class World {
  readonly wallClock = new ManualClock(1_700_000_000_000);
  readonly random: Random;
  /** What the car wrote of `desired`: it may not. */
  carDesired = 0;
  healthy = false;
  record: ShadowRecord | undefined;
  /** The team's own notes of what it asked for. */
  readonly team: Record<string, unknown> = {};
  up = false;
  #handlers = new Map<string, MessageHandler>();
  #late: { topic: string; payload: Buffer }[] = [];
  sync!: ShadowSync<Partial<CarSetup>>;

  constructor(seed: number) {
    this.random = namedRandom(seed, 'world');
    this.startCar();
  }

  /** Also a restart: what was under way is gone, the disk is there. */
  startCar(): void {
    this.#handlers = new Map();
    const link: Link = {
      connect: () => {},
      close: async () => {},
      onState: () => {},
      subscribe: (filter, handler) => this.#handlers.set(filter, handler),
      publish: async (topic, payload) => this.#fromCar(topic, Buffer.from(payload)),
    };
    this.sync = new ShadowSync({
      thing: THING,
      dir,
      link,
      wallClock: this.wallClock,
      random: this.random,
      log: silentLog,
      use: setupShadow(
        () => {},
        () => {},
      ),
    });
    this.sync.start();
    if (this.up) this.sync.onLinkUp();
  }

  connect(up: boolean): void {
    if (up === this.up) return;
    this.up = up;
    if (up) this.sync.onLinkUp();
    else {
      this.#late = [];
      this.sync.onLinkDown();
    }
  }

  teamAsks(desired: Record<string, unknown>): void {
    for (const [field, value] of Object.entries(desired)) {
      if (value === null) delete this.team[field];
      else this.team[field] = value;
    }
    this.request('update', { state: { desired } });
  }

  request(verb: 'get' | 'update' | 'delete', body: object): void {
    const address = { thing: THING, name: 'setup', verb };
    const at = Math.floor(this.wallClock.nowMs() / 1000);
    const payload = Buffer.from(JSON.stringify(body));
    const { record, messages } = applyShadowRequest(this.record, address, payload, at, DEFAULT_SHADOW_LIMITS);
    this.record = record ?? this.record;
    for (const message of messages) {
      this.#toCar(message.topic, Buffer.from(JSON.stringify(message.payload)));
    }
  }

  /** Seconds pass; what was late arrives, in any order. */
  pass(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.wallClock.advance(1000);
      const late = this.#late.splice(0);
      while (late.length > 0) {
        const [{ topic, payload }] = late.splice(Math.floor(this.random() * late.length), 1);
        this.#deliver(topic, payload);
      }
      this.sync.tick();
    }
  }

  sections(): { desired: Record<string, unknown>; reported: Record<string, unknown> } {
    const sections = this.record && 'sections' in this.record ? this.record.sections : {};
    return { desired: { ...sections.desired?.state }, reported: { ...sections.reported?.state } };
  }

  #fromCar(topic: string, payload: Buffer): void {
    if (!this.up) throw new Error('down');
    const body = JSON.parse(payload.toString());
    if (body.state && 'desired' in body.state) this.carDesired++;
    if (!this.healthy && this.random() < 0.2) return;
    const verb = topic.split('/').at(-1) as 'get' | 'update';
    this.request(verb, body);
    if (!this.healthy && this.random() < 0.1) this.request(verb, body);
  }

  #toCar(topic: string, payload: Buffer): void {
    if (!this.up) return;
    const draw = this.healthy ? 1 : this.random();
    if (draw < 0.15) return;
    if (draw < 0.35) this.#late.push({ topic, payload });
    if (draw >= 0.25) this.#late.unshift({ topic, payload });
  }

  #deliver(topic: string, payload: Buffer): void {
    if (this.up) this.#handlers.get(topic)?.(topic, payload);
  }
}

function valueFor(field: keyof CarSetup, random: Random): number {
  const [min, max] = FIELDS[field];
  return min + Math.floor(random() * (max - min + 1));
}

describe('team, car and a bad network', () => {
  test.each([1, 2, 3, 4, 5, 6])('converge, and each keeps what is its own (seed %i)', (seed) => {
    const world = new World(seed);
    const random = namedRandom(seed, 'people');
    const pick = () => NAMES[Math.floor(random() * NAMES.length)];
    for (let step = 0; step < STEPS; step++) {
      const draw = random();
      const field = pick();
      if (draw < 0.3) world.teamAsks({ [field]: valueFor(field, random) });
      else if (draw < 0.35) world.teamAsks({ [field]: 9999 });
      else if (draw < 0.4) world.teamAsks({ [field]: null });
      else if (draw < 0.55) world.sync.changed({ [field]: valueFor(field, random) });
      else if (draw < 0.7) world.connect(!world.up);
      else if (draw < 0.73) world.startCar();
      else if (draw < 0.75) {
        world.request('delete', {});
        for (const each of NAMES) delete world.team[each];
      } else world.pass(1 + Math.floor(random() * 20));
    }
    world.healthy = true;
    world.connect(true);
    world.pass(300);
    // The team takes back what cannot be, and at last asks for one thing more.
    for (const [field, value] of Object.entries(world.team)) if (value === 9999) world.teamAsks({ [field]: null });
    world.pass(300);
    const settled = world.sections();
    expect(settled.desired).toEqual(world.team);
    expect(settled.reported).toEqual(world.sync.state);
    for (const field of NAMES) {
      world.pass(2);
      world.teamAsks({ [field]: valueFor(field, random) });
    }
    world.pass(300);
    const { desired, reported } = world.sections();
    expect(desired).toEqual(world.team);
    expect(reported).toEqual(world.team);
    expect(world.sync.state).toEqual(world.team);
    expect(world.carDesired).toBe(0);
    expect(world.sync.stats).toMatchObject({ inStep: true, refused: false });
    // The driver turns one knob, and the team changes everything else, again on the bad network.
    const own = pick();
    const theirs = Number(world.team[own]);
    const drivers = theirs === FIELDS[own][0] ? theirs + 1 : theirs - 1;
    world.sync.changed({ [own]: drivers });
    world.healthy = false;
    for (let step = 0; step < 30; step++) {
      const field = pick();
      if (field !== own) world.teamAsks({ [field]: valueFor(field, random) });
      if (random() < 0.3) world.connect(!world.up);
      if (random() < 0.1) world.startCar();
      world.pass(3);
    }
    world.healthy = true;
    world.connect(true);
    world.pass(300);
    expect(world.sync.state).toEqual({ ...world.team, [own]: drivers });
    expect(world.sections()).toEqual({ desired: world.team, reported: world.sync.state });
    expect(world.carDesired).toBe(0);
    const version = world.record!.version;
    world.pass(3600);
    expect(world.record!.version).toBe(version);
  });
});
