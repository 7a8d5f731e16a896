/** The groups of answers that are tables and curves. Pure: what the parts draw, tested without a browser. */
import type { Band, CautionCase, FalloffAnswer, FalloffRival, OwnShown, Service, Shown } from '../../strategy-shown.js';
import { ABSENT } from '../format.js';
import type { NumberOf } from './lines.js';
import { duration, gainWords, percent, placeWords, SERVICES, seconds } from './words.js';

/** Text by row and column; `title` says what a cell is about. */
export interface Table {
  head: { text: string; title?: string }[];
  rows: { text: string; title?: string; best?: boolean }[][];
}

const SERVICE_ORDER: readonly Service[] = ['fourTyres', 'twoTyres', 'fuelOnly', 'nothing'];
const CAUTION_CASES: readonly { when: CautionCase; text: string; title: string }[] = [
  { when: 'drawn', text: 'finish', title: 'Place at the flag if the car stops now, cautions as they come' },
  { when: 0, text: 'yellow now', title: 'The same if a caution falls now' },
  { when: 5, text: 'in 5', title: 'The same if a caution falls in five laps' },
  { when: 10, text: 'in 10', title: 'The same if a caution falls in ten laps' },
];

/** Group 4: what each service costs now, where it puts the car, and what becomes of it; null while nothing is known. */
export function pitNowTable({ pitNow, forecast }: OwnShown, numberOf: NumberOf): Table | null {
  if (pitNow === undefined) return null;
  const simulated = forecast?.pitNow ?? [];
  const services = SERVICE_ORDER.filter((service) => pitNow.lossMs[service] !== undefined);
  const cases = CAUTION_CASES.filter(({ when }) => simulated.some(({ caution }) => caution === when));
  const found = (service: Service, when: CautionCase) =>
    simulated.find((one) => one.service === service && one.caution === when);
  const bestOf = new Map(
    cases.map(({ when }) => [when, Math.min(...services.map((one) => found(one, when)?.finish.mean ?? Infinity))]),
  );
  return {
    head: [
      { text: 'stop now' },
      { text: 'costs', title: 'In-lap and out-lap together, against going on' },
      { text: 'rejoins', title: 'Place at the end of the out-lap; laps down' },
      { text: 'ahead', title: 'Car ahead, gap, laps on its tyres' },
      { text: 'behind', title: 'Car behind, gap, laps on its tyres' },
      ...cases.map(({ text, title }) => ({ text, title })),
    ],
    rows: services.map((service) => {
      const rejoin = pitNow.rejoin[service];
      const met = (car: { entry: string; gapMs: number; tyreAgeLaps: number } | undefined) =>
        car === undefined ? ABSENT : `#${numberOf(car.entry)} ${duration(car.gapMs)} · ${car.tyreAgeLaps}`;
      return [
        { text: SERVICES[service] },
        { text: duration(pitNow.lossMs[service]) },
        {
          text:
            rejoin === undefined ? ABSENT : `P${rejoin.position}${rejoin.lapsDown > 0 ? ` −${rejoin.lapsDown}L` : ''}`,
          ...(rejoin === undefined ? {} : { title: `${rejoin.traffic} slower cars close ahead` }),
        },
        { text: met(rejoin?.ahead) },
        { text: met(rejoin?.behind) },
        ...cases.map(({ when }) => {
          const one = found(service, when);
          if (one === undefined) return { text: ABSENT };
          const title = `${placeWords(one.finish)}; win ${percent(one.win)}, top 5 ${percent(one.top5)}, top 10 ${percent(one.top10)}`;
          return { text: `P${one.finish.mean.toFixed(1)}`, title, best: one.finish.mean === bestOf.get(when) };
        }),
      ];
    }),
  };
}

/** Group 5; null before the first simulated races. */
export function stayOrPitTable({ forecast }: OwnShown): { table: Table; gain: string } | null {
  const both = forecast?.stayOrPit;
  if (both === undefined) return null;
  const row = (name: string, odds: typeof both.stay) => [
    { text: name },
    { text: placeWords(odds.finish) },
    { text: percent(odds.win) },
    { text: percent(odds.top5) },
    { text: percent(odds.top10) },
    { text: percent(odds.trapped) },
  ];
  return {
    table: {
      head: [
        { text: '' },
        { text: 'finish' },
        { text: 'win' },
        { text: 'top 5' },
        { text: 'top 10' },
        { text: 'trapped', title: 'Caught a lap down by a caution in mid-cycle' },
      ],
      rows: [row('stay out', both.stay), row(`pit now, ${SERVICES[both.pit.service]}`, both.pit)],
    },
    gain: `Stopping now: ${placesWords(both.gainPlaces.mean)}, ${gainWords(both.gainMs)}.`,
  };
}

function placesWords(places: number): string {
  const text = Math.abs(places).toFixed(1);
  if (text === '0.0') return 'no place';
  return `${text} places ${places > 0 ? 'won' : 'lost'}`;
}

const AS: Readonly<Record<FalloffRival['as'], string>> = { leader: 'leader', ahead: 'ahead', behind: 'behind' };

/** Group 7, without its curve. */
export function falloffTable({ rivals }: Shown<FalloffAnswer>, numberOf: NumberOf): Table {
  return {
    head: [
      { text: 'against' },
      { text: 'tyres', title: 'Laps on the tyres of that car' },
      { text: 'a lap', title: 'Our expected lap less theirs: + loses' },
      { text: 'since stop', title: 'The same summed over the laps since the later of both last stops' },
      { text: 'undercut', title: 'What new tyres win a lap at once, and until which lap a stop now is worth the gap' },
    ],
    rows: rivals.map(({ entry, as, tyreAgeLaps, perLapMs, sinceStopMs, undercut }) => [
      { text: `${AS[as]} #${numberOf(entry)}` },
      { text: String(tyreAgeLaps) },
      { text: seconds(perLapMs, 2) },
      { text: seconds(sinceStopMs) },
      {
        text:
          undercut === undefined
            ? ABSENT
            : `${seconds(undercut.gainPerLapMs, 2)}${undercut.crossoverLap === undefined ? '' : ` to lap ${undercut.crossoverLap}`}`,
      },
    ]),
  };
}

/** A point of a curve with its 80 % interval. */
export interface CurvePoint {
  x: number;
  low: number;
  mean: number;
  high: number;
}

/** Group 3's curve by lap of the stop, seconds: simulated races against a stop now, or before them against the best lap. */
export function windowCurve({ window, forecast }: OwnShown): { against: string; points: CurvePoint[] } {
  const simulated = forecast?.window ?? [];
  if (simulated.length > 1) {
    return { against: 'a stop now', points: simulated.map(({ lap, gainMs }) => pointOf(lap, gainMs)) };
  }
  const quick = window?.gain ?? [];
  return {
    against: 'the best lap',
    points: quick.map(({ lap, gainMs }) => pointOf(lap, { low: gainMs, mean: gainMs, high: gainMs })),
  };
}

/** Group 7's curve: seconds slower than on new tyres, by laps on them. */
export function falloffCurve({ curve }: Shown<FalloffAnswer>): CurvePoint[] {
  return curve.map((band, age) => pointOf(age, band));
}

function pointOf(x: number, { low, mean, high }: Shown<Band>): CurvePoint {
  return { x, low: low / 1_000, mean: mean / 1_000, high: high / 1_000 };
}
