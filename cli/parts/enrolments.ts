import { readFile } from 'node:fs/promises';
import type { Authority } from '#certs/authority.js';
import { type PolicyScope, policiesOf, type Role } from '#certs/policies.js';
import type { Enrolment } from '#cloud/local/iot-core/registry/enrolment.js';
import { TRACK_THING } from '#simulator/fleet/roster.js';
import { OPERATOR } from '../race/identities.js';

/** Of nobody; the local services show it in ARNs. */
export const ACCOUNT_ID = '000000000000';

/** Everybody who has a certificate of this authority, also one that was rotated away, with the policies of their role. */
export async function enrolmentsOf(authority: Authority, scope: PolicyScope): Promise<Enrolment[]> {
  const enrolments: Enrolment[] = [];
  for (const { thing: name, certPath, status } of await authority.list()) {
    if (certPath === null) continue;
    enrolments.push({
      certificatePem: await readFile(certPath, 'utf8'),
      thing: name === OPERATOR ? undefined : name,
      policies: policiesOf(roleOf(name), scope),
      revoked: status === 'revoked',
    });
  }
  return enrolments;
}

/** What somebody of this name may do. */
export function roleOf(name: string): Role {
  if (name === OPERATOR) return 'operator';
  return name === TRACK_THING ? 'trackside' : 'car';
}
