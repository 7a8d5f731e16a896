import { PitwallError } from '../wire/errors.js';
import type { Component } from './component.js';

/**
 * Components so that each comes after those that it depends on; otherwise in the order given. Raises PW-COMPONENT-ORDER for
 * a circle, naming it, for a name that is not there, and for one that is there twice.
 */
export function startOrder<Each extends Pick<Component, 'name' | 'dependsOn'>>(components: readonly Each[]): Each[] {
  const byName = new Map<string, Each>();
  for (const component of components) {
    if (byName.has(component.name)) throw refused(`Two components are named "${component.name}".`);
    byName.set(component.name, component);
  }
  const ordered: Each[] = [];
  const done = new Set<string>();
  const place = (component: Each, path: readonly string[]): void => {
    const { name, dependsOn = [] } = component;
    if (done.has(name)) return;
    if (path.includes(name)) {
      throw refused(`Components wait for each other: ${[...path.slice(path.indexOf(name)), name].join(' → ')}.`);
    }
    for (const needed of dependsOn) {
      const found = byName.get(needed);
      if (!found) throw refused(`Component "${name}" depends on "${needed}", which there is none of.`);
      place(found, [...path, name]);
    }
    done.add(name);
    ordered.push(component);
  };
  for (const component of components) place(component, []);
  return ordered;
}

function refused(what: string): PitwallError {
  return new PitwallError('PW-COMPONENT-ORDER', { what });
}
