import { oneOf, text } from '../input.js';
import type { JsonObject } from '../json-service.js';
import type { Hints } from './buffers.js';
import { invalidArgument, notServed } from './errors.js';
import { TRANSFORM } from './limits.js';
import { structures } from './members.js';
import { compileKeyQuery, type KeyQuery } from './query.js';

/** What happens to records between arrival and object. */
export interface Processing {
  transform?: Transform;
  query?: KeyQuery;
  /** Put behind each record. */
  delimiter?: Buffer;
}

export interface Transform {
  arn: string;
  /** The function's name, without version or alias. */
  name: string;
  /** After the first try. */
  retries: number;
  hints: Hints;
}

const MIB = 1_048_576;
const FUNCTION_ARN = /^arn:[^:]+:lambda:[^:]*:\d{12}:function:([\w-]+)(?::[\w$-]+)?$/;
const PROCESSORS = [
  'RecordDeAggregation',
  'Decompression',
  'CloudWatchLogProcessing',
  'Lambda',
  'MetadataExtraction',
  'AppendDelimiterToRecord',
] as const;
const PROCESSORS_MAX = 10;
const PARAMETERS_MAX = 20;

export function processingOf(config: JsonObject | undefined): Processing {
  const processing: Processing = {};
  if (config === undefined || config.Enabled !== true) return processing;
  for (const processor of structures(config, 'Processors', PROCESSORS_MAX)) {
    const type = oneOf(processor, 'Type', PROCESSORS);
    const parameters = new Parameters(type, structures(processor, 'Parameters', PARAMETERS_MAX));
    if (type === 'Lambda') processing.transform = transformOf(parameters);
    else if (type === 'MetadataExtraction') processing.query = queryOf(parameters);
    else if (type === 'AppendDelimiterToRecord') processing.delimiter = delimiterOf(parameters);
    else throw notServed(`The processor ${type}`);
    parameters.refuseOthers();
  }
  return processing;
}

function transformOf(parameters: Parameters): Transform {
  const arn = parameters.text('LambdaArn');
  const name = FUNCTION_ARN.exec(arn ?? '')?.[1];
  if (arn === undefined || name === undefined)
    throw invalidArgument(`LambdaArn "${arn}" is not the ARN of a function.`);
  // The role is AWS's business; here every function may be called.
  parameters.text('RoleArn');
  const { sizeMiB, sizeMiBMin, sizeMiBMax, intervalS, intervalSMax, retries, retriesMax } = TRANSFORM;
  return {
    arn,
    name,
    retries: parameters.number('NumberOfRetries', 0, retriesMax) ?? retries,
    hints: {
      sizeBytes: (parameters.number('BufferSizeInMBs', sizeMiBMin, sizeMiBMax) ?? sizeMiB) * MIB,
      intervalMs: (parameters.number('BufferIntervalInSeconds', 0, intervalSMax) ?? intervalS) * 1000,
    },
  };
}

function queryOf(parameters: Parameters): KeyQuery {
  const engine = parameters.text('JsonParsingEngine');
  if (engine !== 'JQ-1.6') throw invalidArgument(`JsonParsingEngine "${engine}"; wanted JQ-1.6.`);
  return compileKeyQuery(parameters.text('MetadataExtractionQuery') ?? '');
}

/** A backslash and an n, as consoles and templates write it, is a new line too. */
function delimiterOf(parameters: Parameters): Buffer {
  return Buffer.from((parameters.text('Delimiter') ?? '\\n').replaceAll('\\n', '\n').replaceAll('\\t', '\t'));
}

/** Name and value pairs of a processor; what nobody asked for is refused. */
class Parameters {
  readonly #type: string;
  readonly #values = new Map<string, string>();

  constructor(type: string, parameters: readonly JsonObject[]) {
    this.#type = type;
    for (const parameter of parameters) {
      const value = text(parameter, 'ParameterValue', { max: 5120 });
      this.#values.set(text(parameter, 'ParameterName', { max: 64 }), value);
    }
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    this.#values.delete(name);
    return value;
  }

  number(name: string, min: number, max: number): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (number >= min && number <= max) return number;
    throw invalidArgument(`${name} of ${this.#type} is "${value}"; wanted ${min} to ${max}.`);
  }

  refuseOthers(): void {
    const [name] = this.#values.keys();
    if (name !== undefined) throw notServed(`The parameter ${name} of ${this.#type}`);
  }
}
