import { Aws, type Stack } from 'aws-cdk-lib';
import { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import { policiesOf, type Role } from '#certs/policies.js';

/** Those that drive and time the race. An operator's certificate may do everything and is a matter of the account's owner. */
const DEPLOYED_ROLES: readonly Role[] = ['car', 'trackside'];

/** The documents that the local broker evaluates, as AWS IoT policies for this account and region. */
export function addDevicePolicies(stack: Stack): void {
  const scope = { region: Aws.REGION, account: Aws.ACCOUNT_ID, partition: Aws.PARTITION };
  for (const { name, document } of DEPLOYED_ROLES.flatMap((role) => policiesOf(role, scope))) {
    new CfnPolicy(stack, `DevicePolicy-${name}`, { policyName: name, policyDocument: document });
  }
}
