import type { Body } from '../sources/source.js';
import { PitwallError } from '../wire/errors.js';
import type { CarSetup, SetupEvent } from '../wire/messages.js';
import type { JsonObject } from './json.js';
import type { ShadowUse } from './shadow-use.js';

/** Puts a setup to the car. Throwing refuses it; the message is the reason that is reported. */
export type ApplySetup = (setup: Partial<CarSetup>, version: number) => void | Promise<void>;

/** What the agent takes; a value outside can only be a slip of the hand. Whole = no fraction. */
const LIMITS: Record<keyof CarSetup, { min: number; max: number; whole?: boolean }> = {
  wingDeg: { min: -10, max: 90 },
  frontPressureKpa: { min: 50, max: 500 },
  rearPressureKpa: { min: 50, max: 500 },
  brakeBiasPct: { min: 30, max: 80 },
  fuelMap: { min: 1, max: 12, whole: true },
};

/** The shadow `setup`: what the mechanics and the driver set. Each outcome leaves a trace in the stream. */
export function setupShadow(apply: ApplySetup, emit: (event: Body<SetupEvent>) => void): ShadowUse<Partial<CarSetup>> {
  return {
    name: 'setup',
    // A wing has an angle, whether anybody asks for one or not.
    unnamed: 'kept',
    check: checkSetup,
    apply,
    outcome: (version, reason) =>
      emit(
        reason === undefined
          ? { kind: 'event', type: 'setup', version, outcome: 'applied' }
          : { kind: 'event', type: 'setup', version, outcome: 'refused', reason },
      ),
  };
}

/** A setup, checked. Raises PW-SETUP-INVALID naming the field, what came and what was wanted. */
function checkSetup(setup: JsonObject): Partial<CarSetup> {
  for (const [field, value] of Object.entries(setup)) {
    const limits = Object.hasOwn(LIMITS, field) ? LIMITS[field as keyof CarSetup] : undefined;
    if (!limits) {
      throw invalid(`"${field}" is no setup field; known are ${Object.keys(LIMITS).join(', ')}`);
    }
    const { min, max, whole } = limits;
    if (typeof value !== 'number' || !(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw invalid(
        `${field} is ${JSON.stringify(value)}; wanted ${whole ? 'a whole' : 'a'} number from ${min} to ${max}`,
      );
    }
  }
  return setup as Partial<CarSetup>;
}

function invalid(what: string): PitwallError {
  return new PitwallError('PW-SETUP-INVALID', { what: `${what}.` });
}
