/**
 * The shadow topics of AWS IoT:
 *
 *     $aws/things/{thing}/shadow/{verb}                  the classic shadow
 *     $aws/things/{thing}/shadow/name/{shadow}/{verb}    a named one
 *
 * A client publishes to the bare verb; the service answers below it.
 */
import { THING_NAME } from '#wire/identity.js';

export type ShadowVerb = 'get' | 'update' | 'delete';

/** Which shadow. `name` undefined = the classic one. */
export interface ShadowId {
  thing: string;
  name: string | undefined;
}

export interface ShadowAddress extends ShadowId {
  verb: ShadowVerb;
}

const SHADOW_NAME = /^[a-zA-Z0-9:_-]{1,64}$/;
const VERBS: readonly string[] = ['get', 'update', 'delete'];

/** The topic of a shadow without the verb. */
export function shadowBase({ thing, name }: ShadowId): string {
  return `$aws/things/${thing}/shadow${name === undefined ? '' : `/name/${name}`}`;
}

/** Whether a thing and a shadow may be called so. */
export function isShadowId({ thing, name }: ShadowId): boolean {
  return THING_NAME.test(thing) && (name === undefined || SHADOW_NAME.test(name));
}

/** The request that a publish to this topic is, or undefined when it is none. */
export function parseShadowTopic(topic: string): ShadowAddress | undefined {
  const levels = topic.split('/');
  if (levels[0] !== '$aws' || levels[1] !== 'things' || levels[3] !== 'shadow') return undefined;
  const named = levels[4] === 'name' && levels.length === 7;
  if (!named && levels.length !== 5) return undefined;
  const verb = levels[levels.length - 1];
  const id: ShadowId = { thing: levels[2], name: named ? levels[5] : undefined };
  return VERBS.includes(verb) && isShadowId(id) ? { ...id, verb: verb as ShadowVerb } : undefined;
}
