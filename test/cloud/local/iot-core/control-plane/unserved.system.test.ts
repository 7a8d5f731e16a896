import * as sdk from '@aws-sdk/client-iot';
import { describe, expect, it } from 'vitest';
import type { Operation } from '#cloud/local/iot-core/control-plane/operation.js';
import { destinationOperations } from '#cloud/local/iot-core/control-plane/operations/destinations.js';
import { registryOperations } from '#cloud/local/iot-core/control-plane/operations/index.js';
import { jobOperations } from '#cloud/local/iot-core/control-plane/operations/jobs.js';
import { topicRuleOperations } from '#cloud/local/iot-core/control-plane/operations/topic-rules.js';
import { UNSERVED } from '#cloud/local/iot-core/control-plane/unserved.js';

/** Only asked for their names. */
const nothing = { state: { context: {} } } as never;
const served: Operation[] = [
  ...registryOperations(nothing, nothing),
  ...topicRuleOperations(nothing, nothing),
  ...destinationOperations(nothing),
  ...jobOperations(nothing, nothing, nothing),
];

/** `Name METHOD /path` of every operation in the models of the SDK. */
function modelled(): string[] {
  const operations = Object.values(sdk as Record<string, unknown>).filter(
    (value): value is [9, string, string, { http: [string, string] }] => Array.isArray(value) && value[0] === 9,
  );
  return operations.map(([, , name, { http }]) => lineOf({ name, method: http[0], path: http[1] }));
}

const lineOf = ({ name, method, path }: Pick<Operation, 'name' | 'method' | 'path'>) =>
  `${name} ${method} ${path.replaceAll('+}', '}')}`;

describe('every operation of the SDK', () => {
  it('is served or refused by name, on its own path', () => {
    expect([...served, ...UNSERVED].map(lineOf).sort()).toEqual(modelled().sort());
  });
});
