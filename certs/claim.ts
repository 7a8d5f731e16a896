/**
 * Fleet provisioning by claim: what a new car that has nothing but the fleet's claim certificate may ask for, and what it
 * becomes. One template for the local services and for an account.
 */
import { CAR_TEMPLATE, type PolicyScope, policiesOf } from './policies.js';

/** Common name of the claim certificate; not a thing. */
export const CLAIM = 'claim';

/** The one parameter of the template. */
export const CAR_NUMBER = 'CarNumber';

/** As an account takes it: `body` as JSON text. */
export interface ProvisioningTemplate {
  name: string;
  body: object;
}

/** Client id of whoever provisions this thing; apart from the thing's own, which a claim must not take over. */
export const claimClientId = (thing: string): string => `claim-${thing}`;

/**
 * The provisioning template: a claim certificate can become `car-<CarNumber>` with the rights of a car, and nothing else. A
 * car that is registered keeps what it has. Who may have which number is for a pre-provisioning hook to say.
 */
export function carTemplate(scope: PolicyScope): ProvisioningTemplate {
  const policies = policiesOf('car', scope).map(({ name }, index) => [
    `policy${index + 1}`,
    { Type: 'AWS::IoT::Policy', Properties: { PolicyName: name } },
  ]);
  const certificateId = 'AWS::IoT::Certificate::Id';
  const body = {
    Parameters: { [CAR_NUMBER]: { Type: 'String' }, [certificateId]: { Type: 'String' } },
    Resources: {
      thing: {
        Type: 'AWS::IoT::Thing',
        Properties: { ThingName: { 'Fn::Join': ['', ['car-', { Ref: CAR_NUMBER }]] } },
      },
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: certificateId }, Status: 'Active' },
      },
      ...Object.fromEntries(policies),
    },
  };
  return { name: CAR_TEMPLATE, body };
}
