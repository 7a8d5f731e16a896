import type { Registry } from '../registry/registry.js';
import type { JobsDirectory } from './targets.js';

/** The jobs' view of the registry. */
export function registryDirectory({ state, groups }: Registry): JobsDirectory {
  return {
    hasThing: (name) => state.things.has(name),
    thingsInGroup: (name) => (state.groups.has(name) ? groups.things(name, true) : undefined),
    onChange: (listener) =>
      state.onCommit((keys) => {
        if (keys.some((key) => key.startsWith('thing/') || key.startsWith('group/'))) listener();
      }),
  };
}
