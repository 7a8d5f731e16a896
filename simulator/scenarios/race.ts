import type { Scenario } from './scenario.js';

/**
 * The default race, a short one that shows everything: laps of about 30 s, a tank for about 18 of them and tyres that
 * fade over the same distance, so that first stops fall on laps 12–17, and a first caution by lap 18. Figures are set so
 * that what a stopwatch would see agrees with real oval racing: four tyres in 12–14 s, 0.12 s from lap to lap, 0.1–1.7 s
 * of fall-off over 50 laps, a green stop that costs about a lap.
 */
export const race: Scenario = {
  name: 'race',
  about: '40 cars, 60 laps of about 30 s on a 1.4 km oval, a tank for about 18 laps, stages, cautions, retirements.',
  cars: 40,
  laps: 60,
  rateHz: 100,
  track: {
    name: 'Merrow Point Oval',
    firstRadiusM: 118,
    secondRadiusM: 134,
    centresM: 301,
    lateralMps2: 14.7,
    pitSpeedMps: 20,
    paceSpeedMps: 29,
    latitudeDeg: 38.7412,
    longitudeDeg: -96.1187,
  },
  fuel: { tankKg: 9.5, idleKgH: 4, fullLoadKgH: 150, refuelKgS: 2 },
  tyres: { lifeLaps: 20, earlyLoss: 0.029, steadyLoss: 0.024 },
  cautions: { first: [9, 18], meanLaps: 9, quietLaps: 4, length: [3, 4], stages: 3 },
  retirementChance: 0.04,
  known: { tankKg: 9.5, fuelPerLapKg: 0.55, pitLossMs: 30_000, tyreLifeLaps: 18 },
  ownCars: [1, 24],
};
