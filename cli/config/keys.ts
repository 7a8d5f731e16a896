import type { AwsSettings } from './aws-keys.js';
import type { IotCoreSettings } from './iot-core-keys.js';

/** What a value must be. Checked by `resolve.ts`; kept as data, so that printing help loads no validator. */
export type ValueCheck =
  | { whole: [min: number, max: number] }
  | { number: [min: number, max: number] }
  | { oneOf: readonly string[] }
  | { text: true };

/** One setting: key × flag × environment × default × meaning. `docs/config.md` and `--help` are written from this table. */
export interface ConfigKey {
  /** As commander takes it: `--cars <n>`. Absent: no flag, only environment and files. */
  flag?: string;
  env: string;
  default: string | number;
  meaning: string;
  check: ValueCheck;
}

export const CONFIG_KEYS = {
  data: {
    flag: '--data <dir>',
    env: 'PITWALL_DATA',
    default: '.pitwall',
    meaning: 'Data folder: certificates, journals, streams, tables.',
    check: { text: true },
  },
  context: {
    env: 'PITWALL_CONTEXT',
    default: 'local',
    meaning: 'Named set of endpoints and credentials.',
    check: { text: true },
  },
  cars: {
    flag: '--cars <n>',
    env: 'PITWALL_CARS',
    default: 40,
    meaning: 'Cars in the race.',
    check: { whole: [1, 48] },
  },
  laps: {
    flag: '--laps <n>',
    env: 'PITWALL_LAPS',
    default: 60,
    meaning: 'Laps to the flag, about 30 s each.',
    check: { whole: [1, 1000] },
  },
  speed: {
    flag: '--speed <x>',
    env: 'PITWALL_SPEED',
    default: 5,
    meaning: 'Race seconds per wall second; slows by itself rather than drop anything.',
    check: { number: [0.1, 60] },
  },
  rate: {
    flag: '--rate <hz>',
    env: 'PITWALL_RATE',
    default: 100,
    meaning: 'Samples a second of every channel, Hz.',
    check: { whole: [1, 1000] },
  },
  seed: {
    flag: '--seed <n>',
    env: 'PITWALL_SEED',
    default: 1,
    meaning: 'Seed of the race: same seed, same race.',
    check: { whole: [0, 4_294_967_295] },
  },
  scenario: {
    flag: '--scenario <name>',
    env: 'PITWALL_SCENARIO',
    default: 'race',
    meaning: 'Which race to simulate.',
    check: { text: true },
  },
  port: {
    flag: '--port <n>',
    env: 'PITWALL_PORT',
    default: 4400,
    meaning: 'Port of the screen; a busy one gives way to the next free one.',
    check: { whole: [0, 65_535] },
  },
  listen: {
    flag: '--listen <host>',
    env: 'PITWALL_LISTEN',
    default: '127.0.0.1',
    meaning: 'Address that the screen and MQTT listen on.',
    check: { text: true },
  },
  sampleFrames: {
    env: 'PITWALL_SAMPLE_FRAMES',
    default: 0,
    meaning: 'Frames a second of each car republished to pitwall/v1/<thing>/frames/sample, for people: 0 or 1.',
    check: { whole: [0, 1] },
  },
  authorizer: {
    flag: '--authorizer <module>',
    env: 'PITWALL_AUTHORIZER',
    default: 'none',
    meaning: 'Custom authorizer: module whose handler says who a client is that has no certificate; none: nobody.',
    check: { text: true },
  },
  provisioningHook: {
    flag: '--provisioning-hook <module>',
    env: 'PITWALL_PROVISIONING_HOOK',
    default: 'none',
    meaning: 'Pre-provisioning hook: module whose handler lets a car be provisioned, or not.',
    check: { text: true },
  },
  lambda: {
    flag: '--lambda <name=module,…>',
    env: 'PITWALL_LAMBDA',
    default: 'none',
    meaning: 'Functions of rules and event sources: modules whose handler stands for a Lambda function of that name.',
    check: { text: true },
  },
  eventSources: {
    flag: '--event-sources <file>',
    env: 'PITWALL_EVENT_SOURCES',
    default: 'none',
    meaning: 'Streams that drive functions: a file of JSON, a list of what CreateEventSourceMapping takes.',
    check: { text: true },
  },
  secrets: {
    flag: '--secrets <file>',
    env: 'PITWALL_SECRETS',
    default: 'none',
    meaning: 'What get_secret of rules finds: a file of JSON with a text for each id.',
    check: { text: true },
  },
  region: {
    env: 'AWS_REGION',
    default: 'us-east-1',
    meaning: 'AWS region; local services carry it in their names.',
    check: { text: true },
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
  sampleFrames: number;
  authorizer: string;
  provisioningHook: string;
  lambda: string;
  eventSources: string;
  secrets: string;
  region: string;
  /** Keys that start with `local.aws`: see `AWS_KEYS`. */
  aws: AwsSettings;
  /** Keys that start with `local.iot`: see `IOT_CORE_KEYS`. */
  iotCore: IotCoreSettings;
}
