import { readFile } from 'node:fs/promises';
import type { Authority } from '#certs/authority.js';
import { CLAIM, carTemplate } from '#certs/claim.js';
import { type PolicyScope, policiesOf, type Role } from '#certs/policies.js';
import type { Enrolment, Provisions } from '#cloud/local/iot-core/registry/enrolment.js';
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
      thing: isThing(name) ? name : undefined,
      policies: policiesOf(roleOf(name), scope),
      revoked: status === 'revoked',
    });
  }
  return enrolments;
}

/** What a car that is provisioned by claim is made by; `isHooked`: the pre-provisioning hook has the last word. */
export function provisionsOf(scope: PolicyScope, isHooked: boolean): Provisions {
  const targetArn = `arn:aws:lambda:${scope.region}:${scope.account}:function:pitwall-provisioning-hook`;
  return {
    policies: policiesOf('car', scope),
    templates: [{ ...carTemplate(scope), hook: { targetArn, isUsed: isHooked } }],
  };
}

/** Whether a certificate of this name speaks for a thing: neither for people nor for cars to be. */
export const isThing = (name: string): boolean => name !== OPERATOR && name !== CLAIM;

/** What somebody of this name may do. */
export function roleOf(name: string): Role {
  if (name === OPERATOR) return 'operator';
  if (name === CLAIM) return 'claim';
  return name === TRACK_THING ? 'trackside' : 'car';
}
