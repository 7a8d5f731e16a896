import { canKind } from './can/can.js';
import { simulatedKind } from './simulated.js';
import type { SourceKind } from './source.js';

/** Every kind of source that a configuration can name. */
export const SOURCE_KINDS: readonly SourceKind[] = [canKind, simulatedKind];
