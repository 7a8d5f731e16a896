import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sampleConfig } from '#cli/commands/init.js';
import { CONFIG_KEYS } from '#cli/config/keys.js';
import { PROJECT_FILE, resolveConfig } from '#cli/config/resolve.js';
import { TABLE_LIMITS } from '#cloud/local/dynamodb/capacity/limits.js';
import { DEFAULT_DEVIATIONS } from '#cloud/local/iot-core/deviations.js';
import { DEFAULT_FAULTS } from '#cloud/local/iot-core/faults.js';
import { DEFAULT_JOB_LIMITS } from '#cloud/local/iot-core/jobs/limits.js';
import { DEFAULT_LIMITS } from '#cloud/local/iot-core/limits.js';
import { DEFAULT_REGISTRY_LIMITS } from '#cloud/local/iot-core/registry/limits.js';
import { DEFAULT_SHADOW_LIMITS } from '#cloud/local/iot-core/shadow/limits.js';
import { KINESIS_LIMITS } from '#cloud/local/kinesis/limits.js';

let project: string;
let env: NodeJS.ProcessEnv;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'pitwall-config-'));
  env = { PITWALL_HOME: mkdtempSync(join(tmpdir(), 'pitwall-home-')) };
});

describe('configuration', () => {
  it('flags win over environment, project file, user file, default; each says where it came from', () => {
    writeFileSync(join(env.PITWALL_HOME!, 'config.json'), JSON.stringify({ cars: 2, laps: 2, speed: 2, seed: 2 }));
    writeFileSync(join(project, PROJECT_FILE), JSON.stringify({ cars: 3, laps: 3, speed: 3 }));
    env.PITWALL_CARS = '4';
    env.PITWALL_LAPS = '4';
    const { config, origins } = resolveConfig({ cars: '5' }, env, project);
    expect([config.cars, config.laps, config.speed, config.seed, config.rate]).toEqual([5, 4, 3, 2, 100]);
    expect(origins.cars.origin).toBe('flag --cars');
    expect(origins.laps.origin).toBe('env PITWALL_LAPS');
    expect(origins.speed.origin).toBe(`file ${join(project, PROJECT_FILE)}`);
    expect(origins.seed.origin).toBe(`file ${join(env.PITWALL_HOME!, 'config.json')}`);
    expect(origins.rate.origin).toBe('default');
  });

  it('refuses a flag as usage, a setting as configuration', () => {
    expect(() => resolveConfig({ cars: '0' }, env, project)).toThrow(
      expect.objectContaining({ code: 'PW-USAGE-FLAG' }),
    );
    env.PITWALL_CARS = 'many';
    expect(() => resolveConfig({}, env, project)).toThrow(expect.objectContaining({ code: 'PW-CONFIG-VALUE' }));
  });

  it('refuses a file with a key that it does not know', () => {
    writeFileSync(join(project, PROJECT_FILE), JSON.stringify({ karts: 3 }));
    expect(() => resolveConfig({}, env, project)).toThrow(expect.objectContaining({ code: 'PW-CONFIG-FILE' }));
  });

  it('takes the file that `init` writes, whose values are the defaults', () => {
    writeFileSync(join(project, PROJECT_FILE), sampleConfig());
    const { config } = resolveConfig({}, env, project);
    for (const [name, key] of Object.entries(CONFIG_KEYS)) expect(config).toHaveProperty(name, key.default);
  });
});

describe('settings of the local streams and tables', () => {
  it('are no faults and no delays, unless set; faults are drawn by the seed', () => {
    expect(resolveConfig({}, env, project).config.aws).toEqual({
      faults: [],
      faultSeed: 1,
      statusDelayMs: 0,
      limits: KINESIS_LIMITS,
      functionTimeoutMs: 3_000,
      tableLimits: TABLE_LIMITS,
      tableStreamLimits: { shards: 4, rollMs: 4 * 3_600_000 },
    });
    env.PITWALL_LOCAL_AWS_STATUS_DELAY_MS = '500';
    const set = ['local.aws.faults=kinesis.PutRecords:partial=0.05,dynamodb.*:slow=0.1/200', 'seed=7'];
    set.push(
      'local.aws.functionTimeoutS=60',
      'local.aws.tables.partitionWriteUnits=50',
      'local.aws.tableStreams.shards=1',
      'local.aws.tableStreams.rollMs=60000',
    );
    set.push('local.aws.kinesis.limits.writeRecordsPerSecond=10', 'local.aws.kinesis.calls.splitShard=1');
    expect(resolveConfig({ set }, env, project).config.aws).toEqual({
      faults: [
        { operation: 'kinesis.PutRecords', kind: 'partial', rate: 0.05, ms: 1_000 },
        { operation: 'dynamodb.*', kind: 'slow', rate: 0.1, ms: 200 },
      ],
      faultSeed: 7,
      statusDelayMs: 500,
      limits: {
        ...KINESIS_LIMITS,
        writeRecordsPerSecond: 10,
        callRates: { ...KINESIS_LIMITS.callRates, SplitShard: { perSecond: 1, of: 'account' } },
      },
      functionTimeoutMs: 60_000,
      tableLimits: { ...TABLE_LIMITS, partitionWriteUnits: 50 },
      tableStreamLimits: { shards: 1, rollMs: 60_000 },
    });
  });

  it('refuse a plan that is none', () => {
    expect(() => resolveConfig({ set: ['local.aws.faults=kinesis:boom'] }, env, project)).toThrow(
      expect.objectContaining({ code: 'PW-CONFIG-FAULTS' }),
    );
  });
});

describe('settings of the local IoT Core', () => {
  it('are set by --set over the environment over a file, whose keys may stand inside each other; the rest is AWS’s', () => {
    writeFileSync(
      join(project, PROJECT_FILE),
      JSON.stringify({
        local: {
          iot: { limits: { subscriptions: 1, payloadBytes: 1, shadow: { maxDepth: 3 } }, faults: { reorder: 0.5 } },
        },
        'local.iot.limits.jobs.inFlight': 2,
      }),
    );
    env.PITWALL_LOCAL_IOT_LIMITS_SUBSCRIPTIONS = '2';
    env.PITWALL_LOCAL_IOT_LIMITS_REGISTRY_POLICY_VERSIONS = '6';
    const set = ['local.iot.limits.subscriptions=3', 'local.iot.deviations.qos0OverRate=delay'];
    const { config, origins } = resolveConfig({ set }, env, project);
    expect(config.iotCore).toEqual({
      limits: {
        ...DEFAULT_LIMITS,
        subscriptions: 3,
        payloadBytes: 1,
        shadow: { ...DEFAULT_SHADOW_LIMITS, maxDepth: 3 },
      },
      jobLimits: { ...DEFAULT_JOB_LIMITS, inFlight: 2 },
      registryLimits: { ...DEFAULT_REGISTRY_LIMITS, policyVersions: 6 },
      faults: { ...DEFAULT_FAULTS, reorder: 0.5 },
      faultSeed: 1,
      deviations: { ...DEFAULT_DEVIATIONS, qos0OverRate: 'delay' },
    });
    expect(origins['local.iot.limits.subscriptions'].origin).toBe('flag --set');
  });

  for (const assignment of [
    'local.iot.deviations.qos0OverRate=maybe',
    'local.iot.limits.subscriptions=-1',
    'local.iot.limits.policyCacheMs=1e12',
    'local.iot.faults.duplicate=2',
    'local.iot.limits.karts=1',
    'cars',
  ]) {
    it(`refuse --set ${assignment} as usage`, () => {
      expect(() => resolveConfig({ set: [assignment] }, env, project)).toThrow(
        expect.objectContaining({ code: 'PW-USAGE-FLAG' }),
      );
    });
  }
});
