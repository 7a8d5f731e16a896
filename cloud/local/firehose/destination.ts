import { regionOf, UTC, type Zone } from '#rules/sql/time/zones.js';
import { oneOf, optionalObject, optionalText, optionalWhole, text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { Hints } from './buffers.js';
import { invalidArgument, notServed } from './errors.js';
import { BUFFER, PARTITIONED_SIZE_MIB_MIN } from './limits.js';
import { isEnabled } from './members.js';
import { compilePrefix, EVALUATED_LENGTH_MAX, type Prefix, type PrefixMoment } from './prefix.js';
import { type Processing, processingOf } from './processing.js';

/** Where and how a delivery stream writes; made from the configuration, which is what is stored. */
export interface Destination extends Processing {
  bucket: string;
  hints: Hints;
  gzip: boolean;
  fileExtension: string;
  partitioned: boolean;
  /** Partition keys that the function has to return. */
  functionKeys: readonly string[];
  /** Prefix of an object: of records, or of an error's output. */
  prefixOf(moment: Omit<PrefixMoment, 'zone'>): string;
}

/** An S3 destination as in the API, defaults filled in. */
export type DestinationConfig = JsonObject;

const MIB = 1_048_576;
const ROLE_ARN = /^arn:.*:iam::\d{12}:role\/[a-zA-Z_0-9+=,.@\-_/]+$/;
const BUCKET_ARN = /^arn:.*:s3:::[\w.-]{1,255}$/;
const FILE_EXTENSION = /^$|^\.[0-9a-z!\-_.*'()]+$/;
const LONGEST_ERROR_TYPE = 'metadata-extraction-failed';
const DATE_PREFIX = compilePrefix('!{timestamp:yyyy/MM/dd/HH}/', 'Prefix');

const MEMBERS: ReadonlySet<string> = new Set([
  'RoleARN',
  'BucketARN',
  'Prefix',
  'ErrorOutputPrefix',
  'BufferingHints',
  'CompressionFormat',
  'EncryptionConfiguration',
  'CloudWatchLoggingOptions',
  'ProcessingConfiguration',
  'S3BackupMode',
  'DataFormatConversionConfiguration',
  'DynamicPartitioningConfiguration',
  'FileExtension',
  'CustomTimeZone',
]);

/** Fills in what AWS fills in, so that DescribeDeliveryStream tells what holds. */
export function withDefaults(config: JsonObject): DestinationConfig {
  return {
    Prefix: '',
    CompressionFormat: 'UNCOMPRESSED',
    EncryptionConfiguration: { NoEncryptionConfig: 'NoEncryption' },
    CloudWatchLoggingOptions: { Enabled: false },
    S3BackupMode: 'Disabled',
    ...Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined && value !== null)),
    BufferingHints: hintsWithDefaults(optionalObject(config, 'BufferingHints')),
  };
}

/** Raises InvalidArgumentException or ValidationException for what AWS, or this stand-in, does not take. */
export function compileDestination(config: DestinationConfig): Destination {
  for (const member of Object.keys(config)) if (!MEMBERS.has(member)) throw notServed(member);
  text(config, 'RoleARN', { max: 512, pattern: ROLE_ARN });
  const bucketArn = text(config, 'BucketARN', { max: 2048, pattern: BUCKET_ARN });
  refuseOthers(config);
  const processing = processingOf(optionalObject(config, 'ProcessingConfiguration'));
  const partitioned = isEnabled(config, 'DynamicPartitioningConfiguration');
  const hints = hintsOf(optionalObject(config, 'BufferingHints') ?? {}, partitioned);
  const gzip = oneOf(config, 'CompressionFormat', ['UNCOMPRESSED', 'GZIP', 'ZIP', 'Snappy', 'HADOOP_SNAPPY']);
  if (gzip !== 'GZIP' && gzip !== 'UNCOMPRESSED') throw notServed(`CompressionFormat ${gzip}`);
  const fileExtension = optionalText(config, 'FileExtension', { min: 0, max: 128, pattern: FILE_EXTENSION });
  return {
    ...processing,
    bucket: bucketArn.slice(bucketArn.lastIndexOf(':') + 1),
    hints,
    gzip: gzip === 'GZIP',
    fileExtension: fileExtension || (gzip === 'GZIP' ? '.gz' : ''),
    partitioned,
    ...prefixes(config, processing, partitioned),
  };
}

function prefixes(
  config: DestinationConfig,
  processing: Processing,
  partitioned: boolean,
): Pick<Destination, 'prefixOf' | 'functionKeys'> {
  const zone = zoneOf(config);
  const bounds = { min: 0, max: 1024 };
  const prefix = compilePrefix(optionalText(config, 'Prefix', bounds) ?? '', 'Prefix');
  const errorText = optionalText(config, 'ErrorOutputPrefix', bounds);
  const errorPrefix = compilePrefix(errorText ?? '', 'ErrorOutputPrefix');
  if (prefix.hasErrorOutputType) throw invalidArgument('Prefix cannot have !{firehose:error-output-type}.');
  if (prefix.hasExpressions && errorText === undefined) {
    throw invalidArgument('ErrorOutputPrefix is required when Prefix has expressions.');
  }
  if (errorPrefix.hasExpressions && !errorPrefix.hasErrorOutputType) {
    throw invalidArgument('ErrorOutputPrefix with expressions must have !{firehose:error-output-type}.');
  }
  checkKeys(prefix, errorPrefix, processing, partitioned);
  const dated = (before: string, arrivalMs: number) => before + DATE_PREFIX.evaluate({ arrivalMs, zone });
  const errorStart = errorText ?? prefix.text;
  const prefixOf: Destination['prefixOf'] = ({ errorOutputType, ...moment }) => {
    if (errorOutputType === undefined) {
      return prefix.hasExpressions ? prefix.evaluate({ ...moment, zone }) : dated(prefix.text, moment.arrivalMs);
    }
    return errorPrefix.hasExpressions
      ? errorPrefix.evaluate({ ...moment, zone, errorOutputType })
      : dated(`${errorStart}${errorOutputType}/`, moment.arrivalMs);
  };
  for (const errorOutputType of [undefined, LONGEST_ERROR_TYPE]) {
    if (prefixOf({ arrivalMs: 0, errorOutputType }).length > EVALUATED_LENGTH_MAX) {
      throw invalidArgument(`A prefix has at most ${EVALUATED_LENGTH_MAX} characters once it is evaluated.`);
    }
  }
  return {
    prefixOf,
    functionKeys: prefix.keys.partitionKeyFromLambda,
  };
}

function checkKeys(prefix: Prefix, errorPrefix: Prefix, { query, transform }: Processing, partitioned: boolean): void {
  const { partitionKeyFromQuery: queried, partitionKeyFromLambda: returned } = prefix.keys;
  const used = queried.length + returned.length;
  if (errorPrefix.keys.partitionKeyFromQuery.length + errorPrefix.keys.partitionKeyFromLambda.length > 0) {
    throw invalidArgument('ErrorOutputPrefix cannot have partition keys.');
  }
  if (partitioned !== used > 0) {
    throw invalidArgument(
      'Partition keys in Prefix go with DynamicPartitioningConfiguration, and the other way round.',
    );
  }
  if ((query !== undefined) !== queried.length > 0 || queried.some((name) => !query?.names.includes(name))) {
    throw invalidArgument('MetadataExtractionQuery and the partitionKeyFromQuery names in Prefix do not agree.');
  }
  if (returned.length > 0 && transform === undefined) {
    throw invalidArgument('partitionKeyFromLambda in Prefix needs a Lambda processor.');
  }
}

function zoneOf(config: DestinationConfig): Zone {
  const name = optionalText(config, 'CustomTimeZone', { min: 0, max: 50 });
  if (!name) return UTC;
  const zone = regionOf(name);
  if (zone === undefined) throw invalidArgument(`CustomTimeZone "${name}" is not a time zone.`);
  return zone;
}

function hintsWithDefaults(hints: JsonObject | undefined): JsonObject {
  const { SizeInMBs, IntervalInSeconds } = hints ?? {};
  // API reference, BufferingHints: a value for one needs a value for the other.
  if (hints !== undefined && (SizeInMBs === undefined) !== (IntervalInSeconds === undefined)) {
    throw invalidArgument('BufferingHints has one of SizeInMBs and IntervalInSeconds; both or neither are wanted.');
  }
  return { SizeInMBs: SizeInMBs ?? BUFFER.sizeMiB, IntervalInSeconds: IntervalInSeconds ?? BUFFER.intervalS };
}

function hintsOf(hints: JsonObject, partitioned: boolean): Hints {
  const sizeMiB = optionalWhole(hints, 'SizeInMBs', BUFFER.sizeMiBMin, BUFFER.sizeMiBMax) ?? BUFFER.sizeMiB;
  const intervalS = optionalWhole(hints, 'IntervalInSeconds', 0, BUFFER.intervalSMax) ?? BUFFER.intervalS;
  if (partitioned && (sizeMiB < PARTITIONED_SIZE_MIB_MIN || intervalS === 0)) {
    throw invalidArgument(
      `With dynamic partitioning SizeInMBs is at least ${PARTITIONED_SIZE_MIB_MIN} and IntervalInSeconds at least 1.`,
    );
  }
  return { sizeBytes: sizeMiB * MIB, intervalMs: intervalS * 1000 };
}

/** Members that are taken with the one value that means "no". */
function refuseOthers(config: DestinationConfig): void {
  const encryption = optionalObject(config, 'EncryptionConfiguration') ?? {};
  if (Object.keys(encryption).some((member) => member !== 'NoEncryptionConfig')) throw notServed('Encryption');
  if (isEnabled(config, 'CloudWatchLoggingOptions')) throw notServed('CloudWatchLoggingOptions');
  if (isEnabled(config, 'DataFormatConversionConfiguration')) throw notServed('DataFormatConversionConfiguration');
  if ((optionalText(config, 'S3BackupMode', { max: 16 }) ?? 'Disabled') !== 'Disabled') throw notServed('S3BackupMode');
}
