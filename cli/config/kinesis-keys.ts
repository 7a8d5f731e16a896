import { CALL_RATES, KINESIS_QUOTAS, type KinesisLimits } from '#cloud/local/kinesis/limits.js';
import type { ConfigKey } from './keys.js';
import { envOf, limitKeys } from './limit-keys.js';

const LIMITS = 'local.aws.kinesis.limits';
const CALLS = 'local.aws.kinesis.calls';
const RATE_MAX = 1_000_000_000;

/** Every quota of the local Kinesis by its dotted name, and how often each operation of the control plane is served. */
export const KINESIS_KEYS: Readonly<Record<string, ConfigKey>> = {
  ...limitKeys(LIMITS, KINESIS_QUOTAS),
  ...Object.fromEntries(
    Object.entries(CALL_RATES).map(([operation, { perSecond, of }]) => {
      const key = callKey(operation);
      const meaning = `${operation} a second of race time, of the ${of}. AWS’s value.`;
      return [key, { env: envOf(key), default: perSecond, meaning, check: { whole: [0, RATE_MAX] } }];
    }),
  ),
};

/** Values by dotted name, each checked, as the service takes them. */
export function kinesisLimits(values: Readonly<Record<string, unknown>>): KinesisLimits {
  const limits = Object.keys(KINESIS_QUOTAS).map((name) => [name, Number(values[`${LIMITS}.${name}`])]);
  const callRates = Object.entries(CALL_RATES).map(([operation, rate]) => [
    operation,
    { ...rate, perSecond: Number(values[callKey(operation)]) },
  ]);
  return { ...Object.fromEntries(limits), callRates: Object.fromEntries(callRates) } as KinesisLimits;
}

function callKey(operation: string): string {
  return `${CALLS}.${operation[0].toLowerCase()}${operation.slice(1)}`;
}
