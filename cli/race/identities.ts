import { type Identity, openAuthority } from '#certs/authority.js';
import type { Clock } from '#wire/clock.js';

/** Name of the certificate that may do everything on the local broker: the people's own tools. */
export const OPERATOR = 'operator';

export interface Identities {
  server: Identity;
  operator: Identity;
  things: Record<string, Identity>;
}

/** Makes, or finds, the authority and one certificate per thing. `hosts`: further names that the broker listens on. */
export async function provideIdentities(
  dir: string,
  things: string[],
  hosts: string[],
  now: Clock,
): Promise<Identities> {
  const authority = await openAuthority(dir, { now });
  const identities: Identities = {
    server: await authority.server(hosts),
    operator: await authority.thing(OPERATOR),
    things: {},
  };
  for (const thing of things) identities.things[thing] = await authority.thing(thing);
  return identities;
}
