import { PitwallError } from '#wire/errors.js';

/** What to do when records went past their retention before they were read; see `checkTrimPolicy`. */
export type TrimPolicy = 'skip' | 'fail';

/**
 * `skip` goes on at the horizon and tells the gap, `fail` stops there. `archive`, to read the gap from the archive, raises
 * PW-STREAM-UNSERVED until that stands; anything else raises PW-STREAM-POSITION.
 */
export function checkTrimPolicy(policy: string): TrimPolicy {
  if (policy === 'skip' || policy === 'fail') return policy;
  if (policy === 'archive') throw unserved('The trim policy archive');
  throw new PitwallError('PW-STREAM-POSITION', { what: `The trim policy is ${policy}; skip and fail are taken.` });
}

export function unserved(what: string): PitwallError {
  return new PitwallError('PW-STREAM-UNSERVED', { what: `${what} needs the archive, which does not stand yet.` });
}
