import { AwsError } from '../aws-error.js';

export const invalidArgument = (message: string): AwsError => new AwsError('InvalidArgumentException', message);

/** Never passed over in silence: what a stand-in ignores is missed on AWS or at the track. */
export const notServed = (what: string): AwsError =>
  invalidArgument(`${what} is not served locally; the folder's README says what is and why.`);

export const streamNotFound = (name: string, accountId: string): AwsError =>
  new AwsError('ResourceNotFoundException', `Firehose ${name} under account ${accountId} not found.`);

/** AWS's words for every limit of direct put; 503, so that clients try again. */
export const slowDown = (): AwsError => new AwsError('ServiceUnavailableException', SLOW_DOWN, 503);
export const SLOW_DOWN = 'Slow down.';
