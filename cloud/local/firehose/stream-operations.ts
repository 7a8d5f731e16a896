import { AwsError } from '../aws-error.js';
import { oneOf, optionalObject, optionalText, optionalWhole, text } from '../input.js';
import type { JsonObject, Operation } from '../json-service.js';
import { compileDestination, type DestinationConfig, withDefaults } from './destination.js';
import { invalidArgument, notServed } from './errors.js';
import type { Hose } from './hose.js';
import type { Hoses } from './hoses.js';

const DESTINATION_ID = 'destinationId-000000000001';
const LIST_DEFAULT = 10;
const LIST_MAX = 10_000;
const TYPES = ['DirectPut', 'KinesisStreamAsSource', 'MSKAsSource', 'DatabaseAsSource'] as const;
const STREAM_ARN = /^arn:[^:]+:kinesis:[^:]*:\d{12}:stream\/[a-zA-Z0-9_.-]+$/;
const ROLE_ARN = /^arn:.*:iam::\d{12}:role\/[a-zA-Z_0-9+=,.@\-_/]+$/;

/** Members of a plain S3 destination, which has no processing. */
const PLAIN: ReadonlySet<string> = new Set([
  'RoleARN',
  'BucketARN',
  'Prefix',
  'ErrorOutputPrefix',
  'BufferingHints',
  'CompressionFormat',
  'EncryptionConfiguration',
  'CloudWatchLoggingOptions',
]);

/** What makes, changes and describes delivery streams. */
export function streamOperations(hoses: Hoses): Record<string, Operation> {
  return {
    CreateDeliveryStream: async (input) => {
      const type = optionalText(input, 'DeliveryStreamType', { max: 32 }) ?? 'DirectPut';
      refuseMembers(input, [
        'DeliveryStreamName',
        'DeliveryStreamType',
        'KinesisStreamSourceConfiguration',
        'S3DestinationConfiguration',
        'ExtendedS3DestinationConfiguration',
      ]);
      oneOf({ DeliveryStreamType: type }, 'DeliveryStreamType', TYPES);
      if (type !== 'DirectPut' && type !== 'KinesisStreamAsSource') throw notServed(`DeliveryStreamType ${type}`);
      const { config, extended } = destinationIn(input, 'Configuration');
      const destination = withDefaults(config);
      check(hoses, destination);
      const hose = await hoses.create(hoses.nameOf(input), { destination, extended, source: sourceIn(input, type) });
      return { DeliveryStreamARN: hose.arn };
    },
    DeleteDeliveryStream: async (input) => {
      const hose = hoses.find(input);
      await hose.change({ ...hose.record, deleting: true });
      return {};
    },
    DescribeDeliveryStream: (input) => {
      optionalWhole(input, 'Limit', 1, LIST_MAX);
      return { DeliveryStreamDescription: describe(hoses.find(input)) };
    },
    ListDeliveryStreams: (input) => {
      const limit = optionalWhole(input, 'Limit', 1, LIST_MAX) ?? LIST_DEFAULT;
      const after = optionalText(input, 'ExclusiveStartDeliveryStreamName', { max: 64 });
      const type = optionalText(input, 'DeliveryStreamType', { max: 32 });
      const names = hoses
        .all()
        .filter((hose) => type === undefined || typeOf(hose) === type)
        .map(({ record }) => record.name)
        .filter((name) => after === undefined || name > after);
      return { DeliveryStreamNames: names.slice(0, limit), HasMoreDeliveryStreams: names.length > limit };
    },
    UpdateDestination: async (input) => {
      const hose = hoses.find(input);
      const version = text(input, 'CurrentDeliveryStreamVersionId', { max: 50, pattern: /^[0-9]+$/ });
      if (hose.status() !== 'ACTIVE') {
        throw new AwsError('ResourceInUseException', `Firehose ${hose.record.name} is ${hose.status()}.`);
      }
      if (Number(version) !== hose.record.version) {
        throw new AwsError(
          'ConcurrentModificationException',
          `Version ${version} is not the current one of ${hose.record.name}, which is ${hose.record.version}.`,
        );
      }
      if (text(input, 'DestinationId', { max: 100 }) !== DESTINATION_ID) {
        throw invalidArgument(`The delivery stream has the destination ${DESTINATION_ID} alone.`);
      }
      const { config, extended } = destinationIn(input, 'Update');
      const destination = withDefaults({ ...hose.record.destination, ...config });
      check(hoses, destination);
      await hose.change({
        ...hose.record,
        destination,
        extended: hose.record.extended || extended,
        version: hose.record.version + 1,
        updatedAtMs: hoses.nowMs(),
      });
      return {};
    },
  };
}

/** The one S3 destination in a request, in either form. */
function destinationIn(
  input: JsonObject,
  suffix: 'Configuration' | 'Update',
): { config: DestinationConfig; extended: boolean } {
  const plain = optionalObject(input, `S3Destination${suffix}`);
  const extended = optionalObject(input, `ExtendedS3Destination${suffix}`);
  if ((plain === undefined) === (extended === undefined)) {
    throw invalidArgument(
      `One of S3Destination${suffix} and ExtendedS3Destination${suffix} is wanted; others are not served.`,
    );
  }
  if (plain !== undefined) {
    for (const member of Object.keys(plain))
      if (!PLAIN.has(member)) throw invalidArgument(`${member} needs the extended form.`);
  }
  return { config: plain ?? extended ?? {}, extended: extended !== undefined };
}

function check(hoses: Hoses, destination: DestinationConfig): void {
  const { transform } = compileDestination(destination);
  if (transform !== undefined && !hoses.hasFunction(transform.arn)) {
    throw invalidArgument(`There is no function ${transform.name} in this process.`);
  }
}

function sourceIn(input: JsonObject, type: string): { streamArn: string; roleArn: string } | undefined {
  const source = optionalObject(input, 'KinesisStreamSourceConfiguration');
  if ((type === 'KinesisStreamAsSource') !== (source !== undefined)) {
    throw invalidArgument(
      'KinesisStreamSourceConfiguration goes with the type KinesisStreamAsSource, and the other way round.',
    );
  }
  if (source === undefined) return undefined;
  return {
    streamArn: text(source, 'KinesisStreamARN', { max: 512, pattern: STREAM_ARN }),
    roleArn: text(source, 'RoleARN', { max: 512, pattern: ROLE_ARN }),
  };
}

function refuseMembers(input: JsonObject, served: readonly string[]): void {
  for (const [member, value] of Object.entries(input)) {
    if (value !== undefined && value !== null && !served.includes(member)) throw notServed(member);
  }
}

const typeOf = ({ record }: Hose) => (record.source === undefined ? 'DirectPut' : 'KinesisStreamAsSource');

function describe(hose: Hose): JsonObject {
  const { name, createdAtMs, updatedAtMs, version, destination, extended, source } = hose.record;
  const plain = Object.fromEntries(Object.entries(destination).filter(([member]) => PLAIN.has(member)));
  return {
    DeliveryStreamName: name,
    DeliveryStreamARN: hose.arn,
    DeliveryStreamStatus: hose.status(),
    DeliveryStreamType: typeOf(hose),
    DeliveryStreamEncryptionConfiguration: { Status: 'DISABLED' },
    VersionId: String(version),
    CreateTimestamp: createdAtMs / 1000,
    LastUpdateTimestamp: updatedAtMs / 1000,
    ...(source && {
      Source: {
        KinesisStreamSourceDescription: {
          KinesisStreamARN: source.streamArn,
          RoleARN: source.roleArn,
          DeliveryStartTimestamp: createdAtMs / 1000,
        },
      },
    }),
    Destinations: [
      {
        DestinationId: DESTINATION_ID,
        S3DestinationDescription: plain,
        ...(extended && { ExtendedS3DestinationDescription: destination }),
      },
    ],
    HasMoreDestinations: false,
  };
}
