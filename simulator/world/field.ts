import { namedRandom, type Random } from '#wire/random.js';
import type { Scenario } from '../scenarios/scenario.js';
import { between, normal } from './chance.js';

/** Who stands on the grid: invented people in invented teams, and what nobody outside the world may know of them. */
export interface FieldCar {
  /** 1 … n; also its number, its entry and its place in the thing's name. */
  number: number;
  driver: string;
  team: string;
  transponder: string;
  character: CarCharacter;
  crew: CrewCharacter;
}

/** Hidden and fixed for the race. Factors are about 1. */
export interface CarCharacter {
  corner: number;
  power: number;
  tyreAbuse: number;
  thirst: number;
  /** How readily the driver tries a pass. */
  nerve: number;
  /** Spread of the form from lap to lap, as a share of speed. */
  formSpread: number;
}

export interface CrewCharacter {
  /** Added to every tyre change, s. */
  slownessS: number;
  /** Chance of a stop that goes wrong. */
  fumble: number;
  /** What the crew believes the car burns, as a factor of the truth. */
  fuelBelief: number;
  /** Laps of fuel that it will not go below. */
  reserveLaps: number;
  /** Share of a tank after which it likes to stop under green. */
  stintShare: number;
  /** Share of a tank that must be gone before a caution tempts it. */
  cautionShare: number;
}

const TEAMS = [
  'Red Kiln Racing',
  'North Pier Works',
  'Seven Elms',
  'Tin Lantern',
  'Salt Marsh Racing',
  'Paper Kite',
  'Long Meadow Works',
  'Slate & Birch',
  'Quarry Road',
  'Blue Ferry',
  'Ironwood Garage',
  'Ninth Mile',
];
// biome-ignore format: a list of names reads as rows
const FIRST_NAMES = [
  'Ada', 'Bram', 'Cleo', 'Dario', 'Edda', 'Felix', 'Gwen', 'Hollis', 'Ines', 'Jonah', 'Kaia', 'Linus',
  'Mara', 'Nico', 'Orla', 'Piers', 'Rosa', 'Silas', 'Tamsin', 'Ulf', 'Vera', 'Wim', 'Yara', 'Zeno',
];
// biome-ignore format: a list of names reads as rows
const LAST_NAMES = [
  'Ashgrove', 'Brindlecombe', 'Caskwell', 'Dunmarrow', 'Elderfen', 'Fallowby', 'Granwick', 'Hazelmoor', 'Inkpenny',
  'Jessamoor', 'Kestlewick', 'Larkhollow', 'Mossbank', 'Nettleby', 'Oatridge', 'Pennyfold', 'Quarrick', 'Rushbeck',
  'Silverthwaite', 'Tarnwell', 'Underbough', 'Vellacombe', 'Wheatcroft', 'Yarrowdale', 'Amberley', 'Birchmane',
  'Coldbrook', 'Dewsnap', 'Emberton', 'Foxglade', 'Gorseland', 'Heronsway', 'Ivorley', 'Juniperton', 'Kelpstone',
  'Lindenfold', 'Marlpit', 'Northmere', 'Otterburne', 'Plumstock', 'Quenby', 'Ravensholt', 'Sedgeway', 'Thornapple',
  'Umberlane', 'Violetmere', 'Willowmarsh', 'Yewbarrow',
];

/** The same scenario and seed give the same field. */
export function createField(scenario: Scenario, seed: number): FieldCar[] {
  const names = namedRandom(seed, 'names');
  const characters = namedRandom(seed, 'characters');
  const lastNames = shuffled(LAST_NAMES, names);
  const teams = shuffled(TEAMS, names);
  return Array.from({ length: scenario.cars }, (_, index) => ({
    number: index + 1,
    driver: `${FIRST_NAMES[Math.floor(names() * FIRST_NAMES.length)]} ${lastNames[index]}`,
    team: teams[Math.floor((index * teams.length) / scenario.cars)],
    transponder: String(2_000_000 + 1000 * index + Math.floor(names() * 1000)),
    character: drawCharacter(characters),
    crew: drawCrew(characters),
  }));
}

function drawCharacter(random: Random): CarCharacter {
  return {
    corner: 1 + 0.003 * clampedNormal(random),
    power: 1 + 0.006 * clampedNormal(random),
    tyreAbuse: between(random, 0.85, 1.15),
    thirst: between(random, 0.97, 1.03),
    nerve: between(random, 0.7, 1.3),
    formSpread: between(random, 0.0028, 0.0042),
  };
}

function drawCrew(random: Random): CrewCharacter {
  return {
    slownessS: between(random, -0.4, 0.9),
    fumble: between(random, 0.02, 0.06),
    fuelBelief: between(random, 0.985, 1.02),
    reserveLaps: between(random, 0.8, 2),
    stintShare: between(random, 0.72, 0.9),
    cautionShare: between(random, 0.25, 0.5),
  };
}

/** A field is chosen: nobody hopeless starts. */
function clampedNormal(random: Random): number {
  return Math.max(-2.2, Math.min(2.2, normal(random)));
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mixed[i], mixed[j]] = [mixed[j], mixed[i]];
  }
  return mixed;
}
