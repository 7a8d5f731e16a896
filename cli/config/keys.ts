import { z } from 'zod';

/** One setting: key × flag × environment × default × meaning. `docs/config.md` is written from this table. */
export interface ConfigKey {
  flag?: string;
  env: string;
  default: unknown;
  meaning: string;
  schema: z.ZodType;
}

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

export const CONFIG_KEYS = {
  data: {
    flag: '--data',
    env: 'PITWALL_DATA',
    default: '.pitwall',
    meaning: 'Data folder: certificates, journals, streams, tables.',
    schema: z.string().min(1),
  },
  context: {
    env: 'PITWALL_CONTEXT',
    default: 'local',
    meaning: 'Named set of endpoints and credentials.',
    schema: z.string().min(1),
  },
  cars: { flag: '--cars', env: 'PITWALL_CARS', default: 40, meaning: 'Cars in the race.', schema: whole(1, 200) },
  laps: {
    flag: '--laps',
    env: 'PITWALL_LAPS',
    default: 60,
    meaning: 'Laps to the flag, about 30 s each.',
    schema: whole(1, 500),
  },
  speed: {
    flag: '--speed',
    env: 'PITWALL_SPEED',
    default: 5,
    meaning: 'Race seconds per wall second.',
    schema: z.coerce.number().min(0.1).max(60),
  },
  rate: {
    flag: '--rate',
    env: 'PITWALL_RATE',
    default: 100,
    meaning: 'Samples a second of every channel, Hz.',
    schema: whole(1, 200),
  },
  seed: {
    flag: '--seed',
    env: 'PITWALL_SEED',
    default: 1,
    meaning: 'Seed of the race: same seed, same race.',
    schema: whole(0, 4_294_967_295),
  },
  scenario: {
    flag: '--scenario',
    env: 'PITWALL_SCENARIO',
    default: 'race',
    meaning: 'Which race to simulate.',
    schema: z.string().min(1),
  },
  port: {
    flag: '--port',
    env: 'PITWALL_PORT',
    default: 4400,
    meaning: 'Port of the screen; a busy one gives way to the next free one.',
    schema: whole(0, 65_535),
  },
  listen: {
    flag: '--listen',
    env: 'PITWALL_LISTEN',
    default: '127.0.0.1',
    meaning: 'Address that the screen and MQTT listen on.',
    schema: z.string().min(1),
  },
  region: {
    env: 'AWS_REGION',
    default: 'us-east-1',
    meaning: 'AWS region; local services carry it in their names.',
    schema: z.string().min(1),
  },
} satisfies Record<string, ConfigKey>;

export type ConfigName = keyof typeof CONFIG_KEYS;

export interface Config {
  data: string;
  context: string;
  cars: number;
  laps: number;
  speed: number;
  rate: number;
  seed: number;
  scenario: string;
  port: number;
  listen: string;
  region: string;
}
