import { DEVIATIONS, type Deviations } from '#cloud/local/iot-core/deviations.js';
import { DEFAULT_FAULTS, FAULT_MEANINGS, type Faults } from '#cloud/local/iot-core/faults.js';
import { JOB_LIMITS, type JobLimits } from '#cloud/local/iot-core/jobs/limits.js';
import type { Limit } from '#cloud/local/iot-core/limit.js';
import { BROKER_LIMITS, type IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { REGISTRY_LIMITS, type RegistryLimits } from '#cloud/local/iot-core/registry/limits.js';
import { SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import type { ConfigKey } from './keys.js';

/** What of the local IoT Core may be set, complete: plain data, for the process that runs it. */
export interface IotCoreSettings {
  limits: IotCoreLimits;
  jobLimits: JobLimits;
  registryLimits: RegistryLimits;
  faults: Faults;
  /** Same seed, same faults. */
  faultSeed: number;
  deviations: Deviations;
}

const PREFIX = 'local.iot';

/** Every limit, fault and deviation of the local IoT Core, by its dotted name. They have no flags of their own: `--set`. */
export const IOT_CORE_KEYS: Readonly<Record<string, ConfigKey>> = {
  ...keysOf('deviations', DEVIATIONS, ({ aws, other, meaning }) => ({
    default: aws,
    meaning,
    check: { oneOf: [aws, other] },
  })),
  ...keysOf('faults', FAULT_MEANINGS, (meaning, name) => ({
    default: DEFAULT_FAULTS[name],
    meaning,
    check: { number: [0, 1] },
  })),
  ...keysOf('limits', BROKER_LIMITS, limitKey),
  ...keysOf('limits.shadow', SHADOW_LIMITS, limitKey),
  ...keysOf('limits.jobs', JOB_LIMITS, limitKey),
  ...keysOf('limits.registry', REGISTRY_LIMITS, limitKey),
};

/** Values by dotted name, each checked, as the services take them. */
export function iotCoreSettings(values: Readonly<Record<string, unknown>>): IotCoreSettings {
  const group = <T>(name: string, table: T) =>
    Object.fromEntries(Object.keys(table as object).map((key) => [key, values[`${PREFIX}.${name}.${key}`]]));
  return {
    limits: { ...group('limits', BROKER_LIMITS), shadow: group('limits.shadow', SHADOW_LIMITS) },
    jobLimits: group('limits.jobs', JOB_LIMITS),
    registryLimits: group('limits.registry', REGISTRY_LIMITS),
    faults: group('faults', FAULT_MEANINGS),
    faultSeed: values.seed,
    deviations: group('deviations', DEVIATIONS),
  } as unknown as IotCoreSettings;
}

function limitKey({ value, by, meaning, max }: Limit): Omit<ConfigKey, 'env'> {
  return { default: value, meaning: by === 'AWS' ? `${meaning} AWS’s value.` : meaning, check: { whole: [0, max] } };
}

function keysOf<T extends Record<string, unknown>>(
  group: string,
  table: T,
  keyOf: (row: T[keyof T], name: keyof T & string) => Omit<ConfigKey, 'env'>,
): Record<string, ConfigKey> {
  return Object.fromEntries(
    Object.entries(table).map(([name, row]) => {
      const key = `${PREFIX}.${group}.${name}`;
      return [key, { ...keyOf(row as T[keyof T], name), env: envOf(key) }];
    }),
  );
}

/** `local.iot.limits.payloadBytes` → `PITWALL_LOCAL_IOT_LIMITS_PAYLOAD_BYTES`. */
function envOf(key: string): string {
  return `PITWALL_${key
    .replaceAll('.', '_')
    .replace(/[A-Z]/g, (capital) => `_${capital}`)
    .toUpperCase()}`;
}
