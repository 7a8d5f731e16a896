/**
 * An answer that an AWS service gives instead of a result. It travels to a client, unlike a `PitwallError`, so it carries
 * what is on the wire: the error's name, the HTTP status, and members beside the message.
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error document, e.g. `Item` of a ConditionalCheckFailedException. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, members: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = status;
    this.members = members;
  }
}

/** Names of errors that mean "slow down": counted apart in the statistics. */
const THROTTLES: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceededException',
  'LimitExceededException',
  'ThrottlingException',
  'SlowDown',
  // Firehose's word for it.
  'ServiceUnavailableException',
]);

export function isThrottle(code: string): boolean {
  return THROTTLES.has(code);
}

export const unknownOperation = (target: string): AwsError =>
  new AwsError(
    'UnknownOperationException',
    `"${target}" is not served locally; the folder's README says what is and why.`,
  );

export const serialization = (message: string): AwsError => new AwsError('SerializationException', message);

export const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** Of a refused value: enough for any name, and never a whole record. */
const SHOWN_LENGTH_MAX = 1_024;

/** AWS's wording for a member that breaks its declared constraint; null = it is not given. */
export const constraint = (value: unknown, member: string, wanted: string): AwsError => {
  const shown = value === null ? 'null' : `'${String(value).slice(0, SHOWN_LENGTH_MAX)}'`;
  return validation(
    `1 validation error detected: Value ${shown} at '${member}' failed to satisfy constraint: ${wanted}`,
  );
};
