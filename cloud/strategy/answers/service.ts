import { boxS } from '../monte-carlo/service.js';
import type { ServiceTimes } from '../monte-carlo/types.js';
import { clamp } from '../stats.js';
import type { Service } from './types.js';

/** Every service, the dearest first. */
export const SERVICES: readonly Service[] = ['fourTyres', 'twoTyres', 'fuelOnly', 'nothing'];

export const TYRES_OF: Readonly<Record<Service, 0 | 2 | 4>> = { fourTyres: 4, twoTyres: 2, fuelOnly: 0, nothing: 0 };

/** Services of a kind of racing: where nobody refuels tyres are all that a stop is for. */
export function servicesOf(refuels: boolean): readonly Service[] {
  return refuels ? SERVICES : ['fourTyres', 'nothing'];
}

/**
 * What a stop with this service costs, ms, where one with four tyres and a full tank costs `usualMs`: the difference is the
 * time in the box.
 */
export function serviceLossMs(times: ServiceTimes, usualMs: number, service: Service, fillShare: number): number {
  const fill = service === 'nothing' ? 0 : clamp(fillShare, 0, 1);
  return Math.max(0, usualMs + 1_000 * (boxS(times, TYRES_OF[service], fill) - boxS(times, 4, 1)));
}

/** Age, in laps of wear, that the car's tyres have after the service. */
export function ageAfter(times: ServiceTimes, service: Service, ageLaps: number): number {
  if (service === 'fourTyres') return 0;
  return service === 'twoTyres' ? times.twoTyresKeep * ageLaps : ageLaps;
}
