import { Aws, type Stack } from 'aws-cdk-lib';
import { Role as IamRole, ManagedPolicy, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnProvisioningTemplate } from 'aws-cdk-lib/aws-iot';
import { carTemplate } from '#certs/claim.js';
import { policiesOf, type Role } from '#certs/policies.js';

/** Those that drive and time the race, and cars to be. An operator's certificate may do everything and is a matter of the account's owner. */
const DEPLOYED_ROLES: readonly Role[] = ['car', 'trackside', 'claim'];

/** The documents that the local broker evaluates, as AWS IoT policies for this account and region. */
export function addDevicePolicies(stack: Stack): void {
  const scope = { region: Aws.REGION, account: Aws.ACCOUNT_ID, partition: Aws.PARTITION };
  for (const { name, document } of DEPLOYED_ROLES.flatMap((role) => policiesOf(role, scope))) {
    new CfnPolicy(stack, `DevicePolicy-${name}`, { policyName: name, policyDocument: document });
  }
}

/** How a new car with the fleet's claim certificate becomes `car-<number>`, as on the local IoT Core. */
export function addCarTemplate(stack: Stack): void {
  const scope = { region: Aws.REGION, account: Aws.ACCOUNT_ID, partition: Aws.PARTITION };
  const { name, body } = carTemplate(scope);
  const role = new IamRole(stack, 'ProvisioningRole', {
    assumedBy: new ServicePrincipal('iot.amazonaws.com'),
    // AWS's own for what a template registers.
    managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSIoTThingsRegistration')],
  });
  new CfnProvisioningTemplate(stack, 'CarTemplate', {
    templateName: name,
    templateBody: JSON.stringify(body),
    provisioningRoleArn: role.roleArn,
    enabled: true,
  });
}
