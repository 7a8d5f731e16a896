import type { RegularBlock } from '#device/sources/source.js';
import type { ChannelTable } from '#wire/channels.js';
import { namedRandom } from '#wire/random.js';
import { at, CHANNEL_COUNT, channelLimits } from '../channels.js';
import type { Car } from '../world/car.js';
import type { Track } from '../world/track.js';
import { NOISE_MASK, noiseSteps, STEPPED } from './noise.js';
import { Beacon, drawSensorErrors, type SensorErrors } from './sensor-errors.js';
import { Sensors } from './sensors.js';

/** What every car of a race has in common. */
export interface TelemetrySetup {
  table: ChannelTable;
  rateHz: number;
  track: Track;
  noise: Float32Array;
  seed: number;
}

const ALL_CHANNELS = Uint16Array.from({ length: CHANNEL_COUNT }, (_, index) => index);
const NOISE_STEPS = noiseSteps();
const IS_STEPPED = Uint8Array.from(ALL_CHANNELS, (index) => (STEPPED.some((name) => at[name] === index) ? 1 : 0));
const LOW = Float64Array.from(channelLimits, ({ low }) => low);
const HIGH = Float64Array.from(channelLimits, ({ high }) => high);

/**
 * Samples of one car. The world moves in steps; between two of them a channel runs in a straight line, with noise, in
 * steps of its resolution. Sample n is taken n periods after the world began, whatever the portions in which blocks are
 * asked for: no sample is missing or given twice, and its value depends on the seed alone.
 *
 * Use: `begin(untilMs)`, then `step(fromMs, toMs)` after each step of the world, then `end(epochMs)`.
 */
export class CarTelemetry {
  readonly errors: SensorErrors;
  readonly beacon: Beacon;
  readonly #setup: TelemetrySetup;
  readonly #sensors: Sensors;
  readonly #previous = new Float64Array(CHANNEL_COUNT);
  readonly #noiseFrom = new Uint32Array(CHANNEL_COUNT);
  readonly #noiseStride = new Uint32Array(CHANNEL_COUNT);
  readonly #scale: Float64Array;
  readonly #periodMs: number;
  /** Number of the next sample to be taken. */
  #next = 1;
  #blockFrom = 1;
  #count = 0;
  #values = new Float64Array(0);

  constructor(car: Readonly<Car>, setup: TelemetrySetup) {
    const { number } = car.field;
    this.#setup = setup;
    this.errors = drawSensorErrors(setup.seed, number);
    this.beacon = new Beacon(this.errors, setup.seed, number);
    this.#sensors = new Sensors(car, setup.track, this.errors);
    this.#periodMs = 1000 / setup.rateHz;
    this.#scale = Float64Array.from(setup.table.channels, ({ scale }) => scale);
    const random = namedRandom(setup.seed, `noise ${number}`);
    for (let channel = 0; channel < CHANNEL_COUNT; channel++) {
      this.#noiseFrom[channel] = Math.floor(random() * NOISE_MASK);
      this.#noiseStride[channel] = 1 + 2 * Math.floor(random() * 512);
    }
    this.#sensors.read(0, this.beacon.lapCount);
  }

  /** Makes room for the samples up to and with `untilMs`, the world's time after the steps to come. */
  begin(untilMs: number): void {
    this.#blockFrom = this.#next;
    this.#count = Math.max(0, Math.floor(untilMs / this.#periodMs + 1e-9) + 1 - this.#next);
    const wanted = this.#count * CHANNEL_COUNT;
    if (this.#values.length < wanted) this.#values = new Float64Array(wanted);
  }

  /** The world made a step: takes the samples that fall into it. */
  step(fromMs: number, toMs: number): void {
    const { values } = this.#sensors;
    this.#previous.set(values);
    this.#sensors.read((toMs - fromMs) / 1000, this.beacon.lapCount);
    const last = Math.floor(toMs / this.#periodMs + 1e-9);
    const count = last - this.#next + 1;
    if (count <= 0) return;
    const firstShare = (this.#next * this.#periodMs - fromMs) / (toMs - fromMs);
    const shareStep = this.#periodMs / (toMs - fromMs);
    for (let channel = 0; channel < CHANNEL_COUNT; channel++) this.#sample(channel, count, firstShare, shareStep);
    this.#next = last + 1;
  }

  #sample(channel: number, count: number, firstShare: number, shareStep: number): void {
    const from = channel * this.#count + this.#next - this.#blockFrom;
    const out = this.#values;
    const present = this.#sensors.values[channel];
    const inverse = this.#setup.table.inverseScale[channel];
    const scale = this.#scale[channel];
    const toSteps = inverse || 1 / scale;
    const noise = this.#setup.noise;
    const noiseSteps = NOISE_STEPS[channel];
    const stride = this.#noiseStride[channel];
    let noiseAt = this.#noiseFrom[channel] + this.#next * stride;
    const start = IS_STEPPED[channel] ? present : this.#previous[channel];
    const change = (present - start) * toSteps;
    const low = LOW[channel] * toSteps;
    const high = HIGH[channel] * toSteps;
    let value = start * toSteps + change * firstShare;
    for (let i = 0; i < count; i++) {
      // Adding 0 turns −0 into 0.
      const steps = Math.round(value + noiseSteps * noise[noiseAt & NOISE_MASK]) + 0;
      const held = steps < low ? low : Math.min(steps, high);
      // As the codec does it: dividing by a whole number keeps 0.3 from becoming 0.30000000000000004.
      out[from + i] = inverse > 0 ? held / inverse : held * scale;
      value += change * shareStep;
      noiseAt += stride;
    }
  }

  /**
   * The block that was begun, or null when no sample fell into it. `epochMs` is the race clock's time at which the world
   * began. The arrays are used again by the next block.
   */
  end(epochMs: number): RegularBlock | null {
    if (this.#count === 0) return null;
    return {
      timeMs: epochMs + this.#blockFrom * this.#periodMs,
      periodUs: Math.round(1000 * this.#periodMs),
      count: this.#count,
      channels: ALL_CHANNELS,
      values: this.#values.subarray(0, this.#count * CHANNEL_COUNT),
    };
  }
}
