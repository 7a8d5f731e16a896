import type { Clock, RaceClock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { Lag } from '../processes/protocol.js';

/** What every part is given from outside: its clocks, chance and voice. */
export interface PartContext {
  raceClock: RaceClock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** One of the processes of `race`, or the same thing inside one process with `--single`. */
export interface Part<Info> {
  /** What the others need to know: ports, paths. */
  info: Info;
  lag(): Lag;
  /** Calls that the parent may make; arguments and results are plain data. */
  methods: Record<string, (argument: never) => unknown>;
  stop(): Promise<void>;
}

export type StartPart<Options, Info> = (options: Options, context: PartContext) => Promise<Part<Info>>;

/** Parts by name; imported only by the process that runs them. */
export const PARTS = {
  services: async () => (await import('./services.js')).startServices,
  engine: async () => (await import('./engine.js')).startEngine,
  screen: async () => (await import('./screen.js')).startScreenPart,
  fleet: async () => (await import('./fleet.js')).startFleetPart,
} as const;

export type PartName = keyof typeof PARTS;
export type PartOptions<Name extends PartName> = Parameters<Awaited<ReturnType<(typeof PARTS)[Name]>>>[0];
export type PartInfo<Name extends PartName> = Awaited<ReturnType<Awaited<ReturnType<(typeof PARTS)[Name]>>>>['info'];
