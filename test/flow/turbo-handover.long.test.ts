import { test } from 'vitest';
import { handOver } from './hand-over.js';

const SEEDS = Array.from({ length: 60 }, (_, i) => 8_000 + i);

test.each(SEEDS)('a late reader of a longer race, which dies four times (seed %i)', (seed) =>
  handOver(seed, { cars: 12, laps: 30, crashes: 4 }),
);
