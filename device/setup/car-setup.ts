import { PitwallError } from '../wire/errors.js';
import type { CarSetup } from '../wire/messages.js';

/** What the agent takes; a value outside can only be a slip of the hand. Whole = no fraction. */
const LIMITS: Record<keyof CarSetup, { min: number; max: number; whole?: boolean }> = {
  wingDeg: { min: -10, max: 90 },
  frontPressureKpa: { min: 50, max: 500 },
  rearPressureKpa: { min: 50, max: 500 },
  brakeBiasPct: { min: 30, max: 80 },
  fuelMap: { min: 1, max: 12, whole: true },
};

/** A desired change, checked. Raises PW-SETUP-INVALID naming the field, what came and what was wanted. */
export function checkSetup(change: Record<string, unknown>): Partial<CarSetup> {
  for (const [field, value] of Object.entries(change)) {
    const limits = LIMITS[field as keyof CarSetup] as (typeof LIMITS)[keyof CarSetup] | undefined;
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
  return change as Partial<CarSetup>;
}

function invalid(what: string): PitwallError {
  return new PitwallError('PW-SETUP-INVALID', { what: `${what}.` });
}
