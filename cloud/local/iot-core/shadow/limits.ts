import { defaultsOf, type LimitValues, quota } from '../../limit.js';

/** Of shadows; AWS sets each of them otherwise for an account that asks. */
export const SHADOW_LIMITS = {
  documentBytes: quota(8 * 1024, 'Serialised desired and reported, metadata excluded.'),
  // Two sources say 8; what passes at 6 passes there too.
  maxDepth: quota(6, 'Containers inside each other in desired or reported, the section itself counted.'),
  inFlight: quota(10, 'Unanswered shadow requests of a thing.'),
  requestsPerSecond: quota(20, 'Shadow requests of a thing, race time.'),
  versionMemorySeconds: quota(48 * 3600, 'How long the name of a deleted shadow remembers its version.'),
};

export type ShadowLimits = LimitValues<typeof SHADOW_LIMITS>;

export const DEFAULT_SHADOW_LIMITS: ShadowLimits = defaultsOf(SHADOW_LIMITS);
