import { DEVIATIONS, type Deviations } from '#cloud/local/iot-core/deviations.js';
import { DEFAULT_FAULTS, FAULT_MEANINGS, type Faults } from '#cloud/local/iot-core/faults.js';
import { JOB_LIMITS, type JobLimits } from '#cloud/local/iot-core/jobs/limits.js';
import { BROKER_LIMITS, type IotCoreLimits } from '#cloud/local/iot-core/limits.js';
import { REGISTRY_LIMITS, type RegistryLimits } from '#cloud/local/iot-core/registry/limits.js';
import { SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import type { ConfigKey } from './keys.js';
import { keysOf, limitKeys } from './limit-keys.js';

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
  ...keysOf(`${PREFIX}.deviations`, DEVIATIONS, ({ aws, other, meaning }) => ({
    default: aws,
    meaning,
    check: { oneOf: [aws, other] },
  })),
  ...keysOf(`${PREFIX}.faults`, FAULT_MEANINGS, (meaning, name) => ({
    default: DEFAULT_FAULTS[name],
    meaning,
    check: { number: [0, 1] },
  })),
  ...limitKeys(`${PREFIX}.limits`, BROKER_LIMITS),
  ...limitKeys(`${PREFIX}.limits.shadow`, SHADOW_LIMITS),
  ...limitKeys(`${PREFIX}.limits.jobs`, JOB_LIMITS),
  ...limitKeys(`${PREFIX}.limits.registry`, REGISTRY_LIMITS),
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
