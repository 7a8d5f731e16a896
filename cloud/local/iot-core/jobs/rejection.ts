import { AwsError } from '../../aws-error.js';
import type { JobExecution } from './model.js';

/** Codes on `…/rejected` (developer guide, "ErrorResponse"), each with its name and status over HTTP. */
const CODES = {
  InvalidTopic: ['InvalidRequestException', 400],
  InvalidJson: ['InvalidRequestException', 400],
  InvalidRequest: ['InvalidRequestException', 400],
  InvalidStateTransition: ['InvalidStateTransitionException', 409],
  ResourceNotFound: ['ResourceNotFoundException', 404],
  VersionMismatch: ['VersionConflictException', 409],
  InternalError: ['InternalFailureException', 500],
  RequestThrottled: ['ThrottlingException', 429],
  TerminalStateReached: ['TerminalStateException', 410],
} as const satisfies Record<string, readonly [string, number]>;

export type JobRejectionCode = keyof typeof CODES;

/** A request about an execution that is not granted, on whichever way it came. */
export class JobRejection extends Error {
  readonly code: JobRejectionCode;
  /** The execution as it is, where the requester has misjudged that. */
  readonly execution: JobExecution | undefined;

  constructor(code: JobRejectionCode, message: string, execution?: JobExecution) {
    super(message);
    this.name = 'JobRejection';
    this.code = code;
    this.execution = execution;
  }

  toAwsError(): AwsError {
    const [name, status] = CODES[this.code];
    return new AwsError(name, this.message, status);
  }
}
