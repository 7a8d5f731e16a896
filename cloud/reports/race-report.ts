import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { TableResource } from '#cloud/resources.js';
import { queryKey } from '#cloud/tables/queries.js';
import type { TableKey } from '#rules/catalog.js';
import { PitwallError } from '#wire/errors.js';
import { numberIn, type RowItem } from './lap-row.js';

/** One car in a race, as the aggregates have it. Times in ms. */
export interface CarReport {
  entry: string;
  laps: number;
  timedLaps: number;
  bestMs: number | null;
  bestLap: number | null;
  meanMs: number | null;
  sectors: readonly { count: number; bestMs: number; bestLap: number }[];
  stops: number;
  /** In the pit lane in all, and the shortest visit. */
  laneMs: number | null;
  shortestLaneMs: number | null;
}

export interface RaceReport {
  race: string;
  /** Most laps first, then the best lap. */
  cars: readonly CarReport[];
}

/**
 * What the reporting table says of a race: one query, however long the race was. It is as new as its readers are, a few
 * seconds in a race. Raises PW-REPORT-EMPTY.
 */
export async function readRaceReport(
  options: { dynamodb: DynamoDBClient; tables: Record<TableKey, TableResource> },
  race: string,
): Promise<RaceReport> {
  const items = await queryKey(options.dynamodb, options.tables.reports.name, `race#${race}`);
  const rows = new Map(items.map((item) => [item.sk?.S ?? '', item]));
  const cars = items.flatMap((item) => {
    const entry = /^laps#(.+)$/.exec(item.sk?.S ?? '')?.[1];
    return entry === undefined ? [] : [carReport(entry, item, rows.get(`stops#${entry}`))];
  });
  if (cars.length === 0) {
    throw new PitwallError('PW-REPORT-EMPTY', {
      what: `${options.tables.reports.name} has no car of the race ${race}.`,
      why: 'Aggregates are kept by the readers of the table streams, which run with the race engine.',
      fix: `Make it from the laps themselves with: pitwall report practice --run ${race} --out DIR`,
    });
  }
  const bestMs = (car: CarReport) => car.bestMs ?? Number.POSITIVE_INFINITY;
  cars.sort((a, b) => b.laps - a.laps || bestMs(a) - bestMs(b) || (a.entry < b.entry ? -1 : 1));
  return { race, cars };
}

function carReport(entry: string, laps: RowItem, stops: RowItem = {}): CarReport {
  return {
    entry,
    laps: numberIn(laps, 'laps') ?? 0,
    timedLaps: numberIn(laps, 'timedLaps') ?? 0,
    bestMs: numberIn(laps, 'bestMs'),
    bestLap: numberIn(laps, 'bestLap'),
    meanMs: numberIn(laps, 'meanMs'),
    sectors: (laps.sectors?.L ?? []).map(({ M = {} }) => ({
      count: numberIn(M, 'count') ?? 0,
      bestMs: numberIn(M, 'bestMs') ?? 0,
      bestLap: numberIn(M, 'bestLap') ?? 0,
    })),
    stops: numberIn(stops, 'stops') ?? 0,
    laneMs: numberIn(stops, 'laneMs'),
    shortestLaneMs: numberIn(stops, 'shortestLaneMs'),
  };
}
