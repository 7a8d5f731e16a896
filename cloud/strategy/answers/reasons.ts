import { lapsCompleted } from '#cloud/race/laps.js';
import { stageNow } from '#cloud/race/rules/stages.js';
import type { RaceState } from '#cloud/race/types.js';
import { type Advice, serviceOf } from './advice.js';
import type { Answers, Band, FalloffRival, OwnAnswer } from './types.js';

/** Below this nothing is said of a chance. */
const CHANCE_TOLD = 0.02;
/** Nor of wear that costs less on a lap. */
const LOST_TOLD_MS = 10;
/** Nor of a cheaper stop that saves less. */
const SAVES_TOLD_MS = 1_000;
/** A call of less confidence says what makes it unsure. */
const SURE = 0.6;
/** An undercut that takes longer is no reason. */
const UNDERCUT_TOLD_LAPS = 12;

/**
 * Why the call is made, in words with their figures, as a strategist would check it: what forces the stop first, then what
 * drives the gain, the gain itself, and what it hangs on.
 *
 * @example
 * ['Fuel lasts 4.2 laps (3.8–4.6): it must be in by lap 28.', 'Tyres cost 1.12 s a lap after 14 laps (0.080 s per lap of age).', …]
 */
export function reasonsFor(state: RaceState, answers: Answers, own: OwnAnswer, advice: Advice): string[] {
  return [
    ...cautionPrice(state, answers, advice),
    ...need(own),
    ...tyres(own),
    ...undercuts(state, own),
    ...place(state, own, advice),
    ...gain(state, own, advice),
    ...risks(state, answers, advice),
    ...doubts(own),
  ];
}

function cautionPrice(state: RaceState, answers: Answers, advice: Advice): string[] {
  if (!advice.opportunity) return [];
  const { green, yellow } = answers.pitRoad;
  const word = state.flag === 'virtual' ? 'Virtual caution' : 'Yellow';
  return [`${word}: a stop costs ${seconds(yellow.mean)} s now, ${seconds(green.mean)} s under green.`];
}

function need({ fuel, window }: OwnAnswer): string[] {
  const found: string[] = [];
  if (fuel !== null) {
    const { low, mean, high } = fuel.lapsLeft;
    const lasts = `Fuel lasts ${mean.toFixed(1)} laps (${low.toFixed(1)}–${high.toFixed(1)})`;
    const shortOf = `${Math.max(0, -fuel.toFinish.over.mean).toFixed(1)} short of the end`;
    found.push(fuel.stopsNeeded > 0 ? `${lasts}, ${shortOf}.` : 'Fuel is enough for the end.');
  }
  if (window !== null) {
    const { openLap, closeLap, stopsToGo, demand } = window;
    found.push(`Window laps ${openLap}–${closeLap}, ${stopsToGo} ${stopsToGo === 1 ? 'stop' : 'stops'} to go.`);
    if (demand !== null) found.push(`By lap ${demand.byLap} at the latest: ${demand.reason}.`);
  }
  return found;
}

function tyres({ falloff }: OwnAnswer): string[] {
  if (falloff === null || falloff.perLapMs.mean < LOST_TOLD_MS) return [];
  const { perLapMs, msPerLap, lostMs, tyreAgeLaps } = falloff;
  const now = `${(perLapMs.mean / 1_000).toFixed(2)} s a lap after ${tyreAgeLaps} laps`;
  return [`Tyres cost ${now} (${(msPerLap.mean / 1_000).toFixed(3)} s per lap of age), ${seconds(lostMs)} s so far.`];
}

function undercuts(state: RaceState, { falloff }: OwnAnswer): string[] {
  return (falloff?.rivals ?? []).flatMap((rival) => undercutReason(state, rival) ?? []);
}

function undercutReason(state: RaceState, { entry, as, undercut }: FalloffRival): string | null {
  if (undercut === null || undercut.crossoverLap === null || undercut.gainPerLapMs <= 0) return null;
  if (undercut.crossoverLap - state.lap > UNDERCUT_TOLD_LAPS) return null;
  const number = numberOf(state, entry);
  const wins = `new tyres win ${seconds(undercut.gainPerLapMs)} s a lap at first`;
  return as === 'behind'
    ? `#${number} behind would undercut us by lap ${undercut.crossoverLap}: ${wins}.`
    : `Undercut on #${number}: ${wins}, ahead by lap ${undercut.crossoverLap} unless it stops before.`;
}

function place(state: RaceState, { pitNow }: OwnAnswer, { service }: Advice): string[] {
  const rejoin = pitNow?.rejoin[serviceOf(service.tyres)];
  if (rejoin === undefined) return [];
  const { position, ahead, traffic, lapsDown } = rejoin;
  const down = lapsDown > 0 ? `, ${lapsDown} ${lapsDown === 1 ? 'lap' : 'laps'} down` : '';
  const inTheWay = traffic > 0 ? `, ${traffic} slower ${traffic === 1 ? 'car' : 'cars'} just ahead` : '';
  if (ahead === null) return [`Stopping now: rejoin P${position}, in the lead${inTheWay}.`];
  const of = `${seconds(ahead.gapMs)} s behind #${numberOf(state, ahead.entry)} on tyres of ${ahead.tyreAgeLaps} laps`;
  return [`Stopping now: rejoin P${position}, ${of}${down}${inTheWay}.`];
}

function gain(state: RaceState, { entry }: OwnAnswer, advice: Advice): string[] {
  const { lap, versusLap, gainMs, gainPlaces, win, provenance } = advice;
  const isNow = versusLap !== null && versusLap <= lapsCompleted(state.entries[entry]) + 1;
  const rather = versusLap === null ? 'staying out' : isNow && versusLap < lap ? 'at once' : `on lap ${versusLap}`;
  const what = `A stop on lap ${lap} rather than ${rather}`;
  const found = [
    `${what} gains ${seconds(gainMs.mean)} s on average (8 in 10: ${seconds(gainMs.low)} to ${seconds(gainMs.high)}).`,
  ];
  if (gainPlaces !== null) {
    const odds = win === null ? '' : `; win ${percent(win.plan)} against ${percent(win.versus)}`;
    found.push(`In ${provenance.runs} simulated races it gains ${places(gainPlaces)}${odds}.`);
  }
  return found;
}

function risks(state: RaceState, answers: Answers, { quick, opportunity }: Advice): string[] {
  const found: string[] = [];
  if (quick !== null && quick.dryShare >= CHANCE_TOLD) {
    found.push(`Waiting to lap ${quick.versusLap} risks running dry: ${percent(quick.dryShare)}.`);
  }
  if (quick !== null && !opportunity && quick.cautionShare >= CHANCE_TOLD) {
    const savesMs = answers.pitRoad.green.mean - answers.pitRoad.yellow.mean;
    const until = Math.max(quick.lap, quick.versusLap);
    const saves = savesMs > SAVES_TOLD_MS ? `; it would save ${seconds(savesMs)} s` : '';
    found.push(`A caution before lap ${until}: ${percent(quick.cautionShare)}${saves}.`);
  }
  const stage = stageNow(state);
  if (stage !== null && stage.stage < stage.of && quick !== null && stage.endLap <= quick.versusLap) {
    found.push(`Stage ${stage.stage} ends on lap ${stage.endLap}, with a caution.`);
  }
  return found;
}

/** The worst of what makes it unsure. */
function doubts({ fuel, window, pace }: OwnAnswer): string[] {
  // Where fuel asks for no stop, it is no matter how well it is known.
  const ofFuel = fuel !== null && fuel.stopsNeeded > 0 ? fuel.known : undefined;
  const unsure = [window?.known, ofFuel, pace?.known].filter((known) => known !== undefined && known.confidence < SURE);
  const words = new Set(unsure.flatMap((known) => known!.why.slice(0, 1)));
  return [...words].map((why) => `Not sure: ${why}.`);
}

function numberOf(state: RaceState, entry: string): string {
  return state.entries[entry]?.roster.number ?? entry;
}

function places({ low, mean, high }: Band): string {
  return `${signed(mean, 1)} places (8 in 10: ${signed(low, 0)} to ${signed(high, 0)})`;
}

function signed(value: number, digits: number): string {
  const rounded = Math.round(value * 10 ** digits) / 10 ** digits + 0;
  return rounded > 0 ? `+${rounded.toFixed(digits)}` : rounded.toFixed(digits);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function seconds(ms: number): string {
  // + 0: no "-0.0".
  return (Math.round(ms / 100) / 10 + 0).toFixed(1);
}
