import { PitwallError } from '#wire/errors.js';

/**
 * What to do when records went past their retention before they were read: `skip` goes on at the horizon and tells the gap,
 * `fail` stops there, `archive` reads them from the archive and tells what that has not either.
 */
export type TrimPolicy = 'skip' | 'fail' | 'archive';

/** Raises PW-STREAM-POSITION for what is no policy, PW-STREAM-UNSERVED for `archive` of a source that has none. */
export function checkTrimPolicy(policy: string, hasArchive = false): TrimPolicy {
  if (policy === 'archive' && !hasArchive) throw withoutArchive('The trim policy archive');
  if (policy === 'skip' || policy === 'fail' || policy === 'archive') return policy;
  throw new PitwallError('PW-STREAM-POSITION', {
    what: `The trim policy is ${policy}; skip, fail and archive are taken.`,
  });
}

export function withoutArchive(what: string): PitwallError {
  return new PitwallError('PW-STREAM-UNSERVED', {
    what: `${what} needs a source that reads an archive, and this one reads its stream alone.`,
    fix: 'Read by turbo (cloud/archive/turbo.ts), or from the horizon.',
  });
}
