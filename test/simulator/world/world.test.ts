import { describe, expect, it } from 'vitest';
import { race } from '#simulator/scenarios/race.js';
import { withOverrides } from '#simulator/scenarios/scenario.js';
import { createWorld, type World } from '#simulator/world/world.js';
import { calmRace, hashOf, median, passings, type RunRace, runRace, stopsOf } from '../races.js';

const SEED = 7;
let known: RunRace | undefined;
/** The default race, run once for all tests that only look at it. */
function defaultRace(): RunRace {
  known ??= runRace(race, SEED);
  return known;
}

describe(`the same race (seed ${SEED})`, () => {
  const short = withOverrides(race, { cars: 20, laps: 24 });

  it('comes from the same seed, in whatever portions time is given', () => {
    const whole = runRace(short, SEED);
    const events: unknown[] = [];
    const world = createWorld(short, SEED, { event: (event) => events.push(event) });
    for (let portion = 1; world.finishedAtMs === null && portion < 100_000; portion++) {
      world.advanceTo(world.nowMs + ((portion * 37) % 190));
    }
    while (world.nowMs < whole.world.nowMs) world.advanceTo(whole.world.nowMs);
    expect(hashOf(events)).toBe(hashOf(whole.events));
    expect(hashOf(world.cars)).toBe(hashOf(whole.world.cars));
  });

  it('does not come from another seed', () => {
    expect(hashOf(runRace(short, SEED + 1).events)).not.toBe(hashOf(runRace(short, SEED).events));
  });

  it('stands still for a time gone by', () => {
    const world = createWorld(short, SEED);
    world.advanceTo(1000);
    world.advanceTo(500);
    world.advanceTo(1049);
    expect(world.nowMs).toBe(1000);
  });
});

describe(`the default race (seed ${SEED})`, () => {
  it('ends for every car: it finishes or it retires', () => {
    const { world, events } = defaultRace();
    expect(world.finishedAtMs).not.toBeNull();
    for (const { status } of world.cars) expect(['finished', 'retired']).toContain(status);
    const retired = events.filter(({ type }) => type === 'retirement').length;
    expect(world.cars.filter(({ status }) => status === 'retired')).toHaveLength(retired);
    expect(retired).toBeLessThan(10);
  });

  it('shows green first, white and chequered last, yellow and green in turn between', () => {
    const flags = defaultRace().events.flatMap((event) => (event.type === 'flag' ? [event] : []));
    const names = flags.map(({ flag }) => flag);
    expect(names[0]).toBe('green');
    expect(names.slice(-2)).toEqual(['white', 'checkered']);
    const middle = names.slice(1, -2);
    expect(middle).toEqual(middle.map((_, index) => (index % 2 === 0 ? 'yellow' : 'green')));
    expect(flags.find(({ flag }) => flag === 'white')?.lap).toBe(race.laps - 1);
    expect(flags.find(({ flag }) => flag === 'checkered')?.lap).toBe(race.laps);
  });

  it('counts laps of each car one by one, each as long as the time between its crossings', () => {
    const { events, world } = defaultRace();
    for (const car of world.cars) {
      const crossings = passings(events, 'SF', car.index);
      expect(crossings.map(({ lap }) => lap)).toEqual(crossings.map((_, index) => index));
      expect(crossings[0].lapTimeMs).toBeNull();
      for (let i = 1; i < crossings.length; i++) {
        expect(crossings[i].lapTimeMs).toBeCloseTo(crossings[i].atMs - crossings[i - 1].atMs, 6);
      }
    }
  });

  it('gives each place on a lap once, in order of the crossings', () => {
    const { events } = defaultRace();
    const byLap = new Map<number, { position: number | null; atMs: number }[]>();
    for (const crossing of passings(events, 'SF')) {
      byLap.set(crossing.lap, [...(byLap.get(crossing.lap) ?? []), crossing]);
    }
    for (const crossings of byLap.values()) {
      expect(crossings.map(({ position }) => position)).toEqual(crossings.map((_, index) => index + 1));
      expect(crossings.map(({ atMs }) => atMs)).toEqual(crossings.map(({ atMs }) => atMs).sort((a, b) => a - b));
    }
  });

  it('classifies every car, the winner with all laps, retired ones behind those with more laps', () => {
    const rows = defaultRace().world.result();
    expect(rows.map(({ number }) => number).sort((a, b) => a - b)).toEqual(
      Array.from({ length: race.cars }, (_, index) => index + 1),
    );
    expect(rows[0]).toMatchObject({ position: 1, laps: race.laps, status: 'finished' });
    const laps = rows.map((row) => row.laps);
    expect(laps).toEqual([...laps].sort((a, b) => b - a));
  });

  it('tells events in order of time, but for crossings and reports within one step', () => {
    const { events } = defaultRace();
    for (let i = 1; i < events.length; i++) expect(events[i].atMs).toBeGreaterThan(events[i - 1].atMs - 50.001);
  });

  it('brings first stops and a first caution within 20 laps, whatever the seed', () => {
    for (const seed of [SEED, 11, 12]) {
      const { events } = seed === SEED ? defaultRace() : runRace(withOverrides(race, { laps: 60 }), seed);
      const yellow = events.find((event) => event.type === 'flag' && event.flag === 'yellow');
      expect(yellow?.atMs, `seed ${seed}`).toBeLessThan(600_000);
      expect(stopsOf(events)[0].atMs, `seed ${seed}`).toBeLessThan(600_000);
      expect(stopsOf(events)[0].lap, `seed ${seed}`).toBeGreaterThanOrEqual(9);
    }
  });
});

describe(`a race without cautions (seed ${SEED})`, () => {
  const scenario = calmRace({ cars: 20, laps: 36 });
  const { events, world } = runRace(scenario, SEED);

  const stopLaps = (car: number) => stopsOf(events, car).map(({ lap }) => lap);
  const greenLaps = world.cars.flatMap(({ index }) =>
    passings(events, 'SF', index).filter(
      ({ lap }) => lap > 1 && !stopLaps(index).some((stop) => lap === stop || lap === stop + 1 || lap === stop + 2),
    ),
  );

  it('has laps of about 30 s', () => {
    expect(median(greenLaps.map(({ lapTimeMs }) => lapTimeMs ?? 0))).toBeGreaterThan(29_000);
    expect(median(greenLaps.map(({ lapTimeMs }) => lapTimeMs ?? 0))).toBeLessThan(31_000);
  });

  it('has first stops on laps 12 to 17, before any tank is empty', () => {
    for (const { index } of world.cars) {
      expect(stopLaps(index)[0]).toBeGreaterThanOrEqual(12);
      expect(stopLaps(index)[0]).toBeLessThanOrEqual(17);
    }
  });

  it('has stops of 12 to 14 s in the box that cost about a lap', () => {
    const four = stopsOf(events).filter(({ tyresChanged }) => tyresChanged === 4);
    expect(median(four.map(({ boxTimeMs }) => boxTimeMs))).toBeGreaterThan(12_000);
    expect(median(four.map(({ boxTimeMs }) => boxTimeMs))).toBeLessThan(14_000);
    const own = (car: number, laps: number[]) =>
      passings(events, 'SF', car)
        .filter(({ lap }) => laps.includes(lap))
        .reduce((sum, { lapTimeMs }) => sum + (lapTimeMs ?? 0), 0);
    const costs = four.map(({ car, lap }) => own(car, [lap, lap + 1]) - own(car, [lap - 2, lap - 1]));
    expect(median(costs)).toBeGreaterThan(25_000);
    expect(median(costs)).toBeLessThan(40_000);
  });

  it('crosses pit in, line and pit out in turn at every stop', () => {
    for (const { car, lap, laneTimeMs, boxTimeMs } of stopsOf(events)) {
      const [pitIn] = passings(events, 'PI', car).filter((passing) => passing.lap === lap);
      const [line] = passings(events, 'SF', car).filter((passing) => passing.lap === lap);
      const [pitOut] = passings(events, 'PO', car).filter((passing) => passing.lap === lap + 1);
      expect(pitIn.atMs).toBeLessThan(line.atMs);
      expect(line.atMs).toBeLessThan(pitOut.atMs);
      expect(pitOut.atMs - pitIn.atMs).toBeCloseTo(laneTimeMs, 6);
      expect(laneTimeMs).toBeGreaterThan(boxTimeMs);
    }
  });

  it('gets slower with worn tyres, by what a stopwatch would find on such a track', () => {
    const laps: number[] = [];
    const scenario = { ...calmRace({ cars: 1, laps: 54 }), fuel: { ...race.fuel, tankKg: 100 } };
    const world = createWorld(scenario, SEED, {
      event: (event) => event.type === 'passing' && laps.push(event.lapTimeMs ?? 0),
    });
    // A call for the last lap, on which nobody stops, keeps the crew from changing tyres.
    world.orderStop(1, { lapFrom: 54, lapTo: 54 });
    while (world.finishedAtMs === null && world.nowMs < 3_000_000) world.advanceTo(world.nowMs + 10_000);
    expect(world.cars[0].stops).toBe(0);
    const falloffMs = median(laps.slice(48, 53)) - median(laps.slice(3, 6));
    expect(falloffMs).toBeGreaterThan(300);
    expect(falloffMs).toBeLessThan(1700);
  });
});

/** How far behind the leader on the road the last of the first 70 % of the field is; late stoppers still come up. */
function spread({ cars, track }: World): number {
  const running = cars.filter(({ status }) => status === 'running');
  const leadM = Math.max(...running.map(({ distanceM }) => distanceM));
  const behindM = running.map(({ distanceM }) => (leadM - distanceM) % track.lengthM).sort((a, b) => a - b);
  return behindM[Math.floor(0.7 * behindM.length)];
}

describe(`a caution (seed ${SEED})`, () => {
  it('bunches the field: at the restart most of it takes a third of the track, and half of what it took before', () => {
    const spreads: Partial<Record<'yellow' | 'restart', number>> = {};
    const world: World = createWorld(race, SEED, {
      event: (event) => {
        if (event.type !== 'flag') return;
        if (event.flag === 'yellow') spreads.yellow ??= spread(world);
        else if (spreads.yellow) spreads.restart ??= spread(world);
      },
    });
    while (spreads.restart === undefined && world.nowMs < 2_000_000) world.advanceTo(world.nowMs + 1000);
    expect(spreads.restart).toBeLessThan(world.track.lengthM / 3);
    expect(spreads.restart).toBeLessThan(0.5 * spreads.yellow!);
  });

  it('burns less: a lap behind the pace car takes less than two thirds of a green one', () => {
    const green: number[] = [];
    const yellow: number[] = [];
    let lapFuel = 0;
    let lapFlag = 'none';
    const world = createWorld(race, SEED, {
      event: (event) => {
        if (event.type !== 'passing' || event.loop !== 'SF' || event.car !== 0) return;
        const { fuelKg } = world.cars[0];
        const used = lapFuel - fuelKg;
        if (used > 0 && lapFlag === world.control.flag) (lapFlag === 'green' ? green : yellow).push(used);
        lapFuel = fuelKg;
        lapFlag = world.control.flag;
      },
    });
    while (yellow.length === 0 && world.nowMs < 2_000_000) world.advanceTo(world.nowMs + 1000);
    expect(yellow[0]).toBeLessThan((2 / 3) * median(green));
  });
});

describe(`fuel (seed ${SEED})`, () => {
  it('is never negative and never more than a tank, and nobody who runs has none', () => {
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    const world = createWorld(withOverrides(race, { laps: 40 }), SEED, {
      step: () => {
        for (const { status, fuelKg } of world.cars) {
          if (status !== 'running') continue;
          least = Math.min(least, fuelKg);
          most = Math.max(most, fuelKg);
        }
      },
    });
    while (world.finishedAtMs === null && world.nowMs < 4_000_000) world.advanceTo(world.nowMs + 10_000);
    expect(least).toBeGreaterThan(0);
    expect(most).toBeLessThanOrEqual(race.fuel.tankKg);
  });

  it('lasts for about 18 laps', () => {
    const { world } = runRace(calmRace({ cars: 20, laps: 10 }), SEED);
    const laps = world.cars.map(({ fuelKg }) => (10 * race.fuel.tankKg) / (race.fuel.tankKg - fuelKg));
    expect(median(laps)).toBeGreaterThan(17);
    expect(median(laps)).toBeLessThan(19);
  });

  it('that runs out ends the race of the car', () => {
    const scenario = calmRace({ cars: 2, laps: 8 });
    // A crew that believes in ten times the fuel that there is never calls its car in.
    const world = createWorld({ ...scenario, fuel: { ...scenario.fuel, tankKg: 2 } }, SEED);
    for (const car of world.cars) Object.assign(car.field.crew, { fuelBelief: 0.01 });
    while (world.finishedAtMs === null && world.nowMs < 1_000_000) world.advanceTo(world.nowMs + 1000);
    expect(world.result().every(({ status, laps }) => status === 'retired' && laps < 8)).toBe(true);
  });
});

describe(`a pit call (seed ${SEED})`, () => {
  const scenario = calmRace({ cars: 6, laps: 12 });
  const race12 = (order: (world: World) => void) => {
    const events: Parameters<typeof stopsOf>[0] = [];
    const world = createWorld(scenario, SEED, { event: (event) => events.push(event) });
    while (world.finishedAtMs === null && world.nowMs < 1_000_000) {
      const before = world.control.lap;
      world.advanceTo(world.nowMs + 1000);
      if (before < 3 && world.control.lap >= 3) order(world);
    }
    return events;
  };

  it('is obeyed on its first lap, with the service that it asks for', () => {
    const events = race12((world) => {
      expect(world.orderStop(3, { lapFrom: 6, lapTo: 8, service: { tyres: 2, fuelKg: 1.5 } })).toBe(true);
    });
    expect(stopsOf(events)).toHaveLength(1);
    expect(stopsOf(events, 2)[0]).toMatchObject({ lap: 6, tyresChanged: 2 });
  });

  it('that was taken back is not obeyed', () => {
    const events = race12((world) => {
      world.orderStop(3, { lapFrom: 6, lapTo: 8 });
      expect(world.cancelStop(3)).toBe(true);
      expect(world.cancelStop(3)).toBe(false);
    });
    expect(stopsOf(events)).toHaveLength(0);
  });

  it('is refused when its laps are over or there is no such car', () => {
    race12((world) => {
      expect(world.orderStop(3, { lapFrom: 1, lapTo: 2 })).toBe(false);
      expect(world.orderStop(99, { lapFrom: 5, lapTo: 9 })).toBe(false);
    });
  });
});

describe('short races', () => {
  it.each([
    [12, 6],
    [1, 1],
    [2, 2],
    [48, 3],
  ])('of %i cars and %i laps end without a stop', (cars, laps) => {
    const { world, events } = runRace(withOverrides(race, { cars, laps }), SEED);
    expect(world.result()).toHaveLength(cars);
    expect(world.result()[0].laps).toBe(laps);
    expect(stopsOf(events)).toHaveLength(0);
    expect(events.filter((event) => event.type === 'flag').at(-1)).toMatchObject({ flag: 'checkered', lap: laps });
  });
});
