import type { CarReport, RaceReport } from '../race-report.js';
import { csv } from './csv.js';
import { document } from './document.js';
import { delta, lapTime, seconds } from './format.js';
import { type Markup, markup } from './markup.js';

/** The race by car, as one HTML file. */
export function racePage(report: RaceReport): string {
  const { race, cars } = report;
  const best = bestOf(cars);
  const stops = cars.reduce((sum, car) => sum + car.stops, 0);
  return document(
    `Race ${race}`,
    markup`<header><h1>${race}<small>by car</small></h1><p>${cars.length} cars · ${stops} stops</p></header>
<main>
<p class="lead">${best.car ? markup`Best lap: <b>car ${best.car.entry}, ${lapTime(best.car.bestMs)}</b> on lap ${best.car.bestLap}.` : 'No lap was timed at racing speed.'}</p>
<div class="scroll"><table><thead><tr><th scope="col">Car</th><th scope="col">Laps</th><th scope="col">Best</th><th scope="col">On lap</th><th scope="col">To best</th><th scope="col">Mean</th>${best.sectors.map((_, i) => markup`<th scope="col">Best S${i + 1}</th>`)}<th scope="col">Stops</th><th scope="col">Shortest lane s</th><th scope="col">Lane in all s</th></tr></thead><tbody>
${cars.map((car) => carRow(car, best))}</tbody></table></div>
<p class="note">◆ best of the race. Mean: laps at racing speed, without in-laps and out-laps.</p>
</main>`,
  );
}

interface Best {
  car: CarReport | undefined;
  sectors: readonly number[];
}

function bestOf(cars: readonly CarReport[]): Best {
  const timed = cars.filter(({ bestMs }) => bestMs !== null);
  const count = Math.max(0, ...cars.map(({ sectors }) => sectors.length));
  return {
    car: timed.sort((a, b) => a.bestMs! - b.bestMs!)[0],
    sectors: Array.from({ length: count }, (_, i) =>
      Math.min(...cars.map(({ sectors }) => sectors[i]?.bestMs ?? Number.POSITIVE_INFINITY)),
    ),
  };
}

function carRow(car: CarReport, best: Best): Markup {
  const isBest = car.entry === best.car?.entry;
  return markup`<tr><td>${car.entry}</td><td>${car.laps}</td><td${isBest && markup` class="class"`}>${isBest ? '◆ ' : ''}${lapTime(car.bestMs)}</td><td>${car.bestLap ?? '–'}</td><td>${best.car && car.bestMs !== null ? delta(car.bestMs - best.car.bestMs!) : '–'}</td><td>${lapTime(car.meanMs)}</td>${best.sectors.map(
    (bestMs, i) => {
      const own = car.sectors[i]?.bestMs;
      return own === bestMs
        ? markup`<td class="class">◆ ${lapTime(own)}</td>`
        : markup`<td>${own === undefined ? '–' : lapTime(own)}</td>`;
    },
  )}<td>${car.stops}</td><td>${car.shortestLaneMs === null ? '–' : seconds(car.shortestLaneMs)}</td><td>${car.laneMs === null ? '–' : seconds(car.laneMs)}</td></tr>
`;
}

/** The same, times in s; sectors with how often each was timed. */
export function raceCsv({ race, cars }: RaceReport): string {
  const { sectors } = bestOf(cars);
  const inSeconds = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : ms / 1000);
  return csv([
    [
      ...['race', 'entry', 'laps', 'timed_laps', 'best_s', 'best_lap', 'mean_s'],
      ...sectors.flatMap((_, i) => [`sector_${i + 1}_count`, `sector_${i + 1}_best_s`]),
      ...['stops', 'shortest_lane_s', 'lane_s'],
    ],
    ...cars.map((car) => [
      race,
      car.entry,
      car.laps,
      car.timedLaps,
      inSeconds(car.bestMs),
      car.bestLap,
      inSeconds(car.meanMs),
      ...sectors.flatMap((_, i) => [car.sectors[i]?.count ?? 0, inSeconds(car.sectors[i]?.bestMs)]),
      car.stops,
      inSeconds(car.shortestLaneMs),
      inSeconds(car.laneMs),
    ]),
  ]);
}
