import type { Command } from 'commander';
import { setting } from './setting.js';

/** Identities. */
export function addCertsCommands(program: Command): void {
  const certs = program
    .command('certs')
    .description('Identities of cars: the certificate authority of the data folder.');
  certs.addHelpText(
    'after',
    `
Examples:
  $ pitwall certs list
  $ pitwall certs issue car-24
  $ pitwall certs issue car-24 --csr car-24.csr
  $ pitwall certs claim && pitwall certs provision car-24
  $ pitwall certs rotate car-24 && pitwall certs revoke car-24 --retired

On an AWS account the certificates come from AWS IoT, by fleet provisioning or aws iot create-keys-and-certificate.`,
  );
  certs
    .command('list')
    .description('What the authority issued: status, days left, fingerprint.')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .action(async (flags) => (await import('../certs.js')).list(flags));
  certs
    .command('issue <things...>')
    .description('Issue a certificate to each thing; one that has one keeps it.')
    .option('--csr <file>', 'sign this request instead: the key stays in the car')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .action(async (things, flags) => (await import('../certs.js')).issue(things, flags));
  certs
    .command('bulk')
    .description('Issue certificates to a fleet: car-1, car-2, …')
    .requiredOption('--cars <n>', 'how many')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .action(async (flags) => (await import('../certs.js')).bulk(flags));
  certs
    .command('rotate <thing>')
    .description('Give a thing a new key and certificate; the old one stays valid until it is revoked.')
    .option('--revoke', 'revoke the old one at once')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .action(async (thing, flags) => (await import('../certs.js')).rotate(thing, flags));
  certs
    .command('revoke <thing-or-id>')
    .description('Let a certificate connect no more, in the running system at once; a thing name means all of its own.')
    .option('--retired', 'only those that were rotated away')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .action(async (target, flags) => (await import('../certs.js')).revoke(target, flags));
  certs
    .command('claim')
    .description(
      'Put what a new car needs to get its own certificate into a folder: the claim certificate of the fleet.',
    )
    .option('--out <dir>', 'folder for it (default: claim in the data folder)')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall certs claim
  $ pitwall certs claim --out /media/usb/claim

With it a car may ask for a certificate and become car-<number>, nothing else. It is every new car's secret: make it anew with
certs rotate claim --revoke when it got about, and give pitwall local a --provisioning-hook that knows who may have which number.`,
    )
    .action(async (flags) => (await import('../certs-claim.js')).claim(flags));
  certs
    .command('provision <thing>')
    .description('As a new car: make a key, which stays here, and get a certificate and rights by the claim.')
    .option('--claim <dir>', 'folder that certs claim wrote (default: claim in the data folder)')
    .option('--out <dir>', "folder for the car's key and certificate (default: its name)")
    .option('--host <host>', 'where MQTT is (default: the system that runs in the data folder)')
    .option('--port <n>', 'its port (default with --host: 8883)')
    .option('--json', 'one JSON document')
    .addOption(setting('data'))
    .addHelpText(
      'after',
      `
Examples:
  $ pitwall certs provision car-24
  $ pitwall certs provision car-24 --claim /media/usb/claim --host 192.168.4.1 --port 8883 --out /etc/pitwall`,
    )
    .action(async (thing, flags) => (await import('../certs-claim.js')).provision(thing, flags));
}
