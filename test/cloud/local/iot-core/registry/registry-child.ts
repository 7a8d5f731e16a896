/** A process to be killed: fills the registry of the folder that it is given, and prints what was accepted. */
import { join } from 'node:path';
import { openAuthority } from '#certs/authority.js';
import { arnOf } from '#cloud/local/iot-core/registry/arns.js';
import { Registry } from '#cloud/local/iot-core/registry/registry.js';
import { wallClock } from '#wire/clock.js';
import { account } from './helpers.js';

const [dir] = process.argv.slice(2);
const { things, groups, policies, certificates, principals, templates } = await Registry.open({
  path: join(dir, 'registry'),
  account,
  wallClock,
  issuer: await openAuthority(join(dir, 'certs'), { now: wallClock }),
  checkPolicy: () => {},
});
const template = {
  type: 'FLEET_PROVISIONING',
  description: '',
  enabled: true,
  provisioningRoleArn: 'arn',
} as const;
await templates.create('fleet', '{"Resources":{}}', template);
await groups.create('team', undefined, {});
await policies.create('drive', '{"v":1}');
await policies.attach('drive', arnOf(account, 'thinggroup', 'team'));
for (let i = 1; ; i++) {
  const { certificateId } = await certificates.createWithKeys('ACTIVE');
  await things.create(`car-${i}`);
  await groups.addThing(`car-${i}`, 'team');
  await principals.attach(`car-${i}`, arnOf(account, 'cert', certificateId), 'EXCLUSIVE_THING');
  process.stdout.write(`${certificateId} car-${i}\n`);
}
