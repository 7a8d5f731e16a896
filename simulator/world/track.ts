import type { TrackSpec } from '../scenarios/scenario.js';

/**
 * The track as a table with one entry a metre. Distance runs from the start/finish line, in the middle of the front
 * straight. The pit lane lies beside the front straight; all boxes come after the line, so a stopping car ends its lap
 * in the lane before it is served.
 *
 *     … ─ turn 3/4 ─ decide ─── PI ──── SF ── boxes ───────────── PO ─ turn 1/2 ─ …
 */
export interface Track {
  readonly name: string;
  readonly lengthM: number;
  /** Where a crew calls its car in, where the lane begins, and where it ends (the last after the line). */
  readonly decideM: number;
  readonly pitInM: number;
  readonly pitOutM: number;
  readonly firstBoxM: number;
  readonly boxSpacingM: number;
  readonly pitSpeedMps: number;
  readonly paceSpeedMps: number;
  /** Time of a lap at the reference speed. */
  readonly referenceLapMs: number;
  /** Reference speed, and its change per second, of a car with nominal grip and power. */
  readonly speedMps: Float64Array;
  readonly accelMps2: Float64Array;
  /** 0 on a straight … 1 in mid-corner; turns are to the left. */
  readonly cornering: Float64Array;
  /** 1/radius, 1/m. */
  readonly curvature: Float64Array;
  readonly latitudeDeg: Float64Array;
  readonly longitudeDeg: Float64Array;
}

/** Reference car on the straights: power per mass (W/kg), drag per mass (1/m), hardest braking (m/s²). */
export const POWER_PER_MASS = 330;
export const DRAG_PER_MASS = 0.00032;
const BRAKING_MPS2 = 8.5;
/** Curvature changes over this length where a straight meets a turn. */
const TRANSITION_M = 44;
const METRES_PER_DEGREE = 111_195;

export function createTrack(spec: TrackSpec): Track {
  const curvature = smoothed(curvatureOf(spec));
  const lengthM = curvature.length;
  const greatest = curvature.reduce((most, value) => Math.max(most, value), 0);
  const cornering = curvature.map((value) => value / greatest);
  const speedMps = referenceSpeed(curvature, spec.lateralMps2);
  const accelMps2 = speedMps.map(
    (speed, at) => (speed * (speedMps[(at + 1) % lengthM] - speedMps[(at + lengthM - 1) % lengthM])) / 2,
  );
  return {
    name: spec.name,
    lengthM,
    decideM: lengthM - 300,
    pitInM: lengthM - 130,
    pitOutM: 320,
    firstBoxM: 24,
    boxSpacingM: 5.6,
    pitSpeedMps: spec.pitSpeedMps,
    paceSpeedMps: spec.paceSpeedMps,
    referenceLapMs: 1000 * speedMps.reduce((sum, speed) => sum + 1 / speed, 0),
    speedMps,
    accelMps2,
    cornering,
    curvature,
    ...positions(curvature, spec),
  };
}

/** Half the front straight, first turn, back straight, second turn, the other half: 1/radius at each metre. */
function curvatureOf(spec: TrackSpec): Float64Array {
  const { firstRadiusM, secondRadiusM, centresM } = spec;
  const lean = Math.asin((secondRadiusM - firstRadiusM) / centresM);
  const straightM = Math.sqrt(centresM ** 2 - (secondRadiusM - firstRadiusM) ** 2);
  const firstM = firstRadiusM * (Math.PI - 2 * lean);
  const secondM = secondRadiusM * (Math.PI + 2 * lean);
  const ends = [straightM / 2, straightM / 2 + firstM, 1.5 * straightM + firstM, 1.5 * straightM + firstM + secondM];
  const curvature = new Float64Array(Math.round(ends[3] + straightM / 2));
  for (let at = 0; at < curvature.length; at++) {
    if (at >= ends[0] && at < ends[1]) curvature[at] = 1 / firstRadiusM;
    else if (at >= ends[2] && at < ends[3]) curvature[at] = 1 / secondRadiusM;
  }
  return curvature;
}

/** Mean over the transition, twice: no driver turns the wheel in a step. */
function smoothed(values: Float64Array): Float64Array {
  const half = TRANSITION_M / 4;
  const pass = (from: Float64Array) =>
    from.map((_, at) => {
      let sum = 0;
      for (let d = -half; d <= half; d++) sum += from[(at + d + from.length) % from.length];
      return sum / (2 * half + 1);
    });
  return pass(pass(values));
}

/** Corner limit, then what power allows going forwards, then what brakes allow going backwards; twice round. */
function referenceSpeed(curvature: Float64Array, lateralMps2: number): Float64Array {
  const length = curvature.length;
  const speed = curvature.map((value) => Math.min(75, Math.sqrt(lateralMps2 / Math.max(value, 1e-5))));
  for (let step = 0; step < 2 * length; step++) {
    const at = step % length;
    const next = (at + 1) % length;
    const accel = POWER_PER_MASS / speed[at] - DRAG_PER_MASS * speed[at] ** 2;
    speed[next] = Math.min(speed[next], Math.sqrt(speed[at] ** 2 + 2 * accel));
  }
  for (let step = 2 * length - 1; step >= 0; step--) {
    const at = step % length;
    const next = (at + 1) % length;
    speed[at] = Math.min(speed[at], Math.sqrt(speed[next] ** 2 + 2 * BRAKING_MPS2));
  }
  return speed;
}

/** Walks the curvature; the small gap left at the end is spread over the lap, so that the loop closes. */
function positions(curvature: Float64Array, spec: TrackSpec): Pick<Track, 'latitudeDeg' | 'longitudeDeg'> {
  const length = curvature.length;
  const east = new Float64Array(length);
  const north = new Float64Array(length);
  const turn = (2 * Math.PI) / curvature.reduce((sum, value) => sum + value, 0);
  let heading = 0;
  let x = 0;
  let y = 0;
  for (let at = 0; at < length; at++) {
    east[at] = x;
    north[at] = y;
    x += Math.cos(heading);
    y += Math.sin(heading);
    heading += curvature[at] * turn;
  }
  const eastPerDegree = METRES_PER_DEGREE * Math.cos((spec.latitudeDeg * Math.PI) / 180);
  return {
    latitudeDeg: north.map((value, at) => spec.latitudeDeg + (value - (y * at) / length) / METRES_PER_DEGREE),
    longitudeDeg: east.map((value, at) => spec.longitudeDeg + (value - (x * at) / length) / eastPerDegree),
  };
}
