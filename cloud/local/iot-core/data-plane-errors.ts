import { AwsError } from '../aws-error.js';
import { Refusal } from './refusal.js';

/** What the broker refuses, as the API says it; anything else is passed on as it is. */
export function asAwsError(error: unknown): unknown {
  if (!(error instanceof Refusal)) return error;
  return error.reason === 'rulesFailed'
    ? new AwsError('ServiceUnavailableException', error.message, 503)
    : new AwsError('InvalidRequestException', error.message);
}

export const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', message, 404);
