/** Fleet provisioning by claim, by hand: the pit wall hands out a claim, a car becomes somebody with it. */
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { CAR_NUMBER, CLAIM, claimClientId } from '#certs/claim.js';
import { makePrivateFolder, writePrivateFile } from '#certs/files.js';
import { CAR_TEMPLATE } from '#certs/policies.js';
import { makeSigningRequest } from '#certs/signing-request.js';
import { provisionByClaim } from '#device/provisioning/by-claim.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { readRuntime } from '../data-dir.js';
import { createLog } from '../log.js';
import { systemRandom } from '../random.js';
import { authorityOf, type CertsFlags, issued } from './certs.js';
import { configFor } from './config.js';

const CA_FILE = 'ca.crt';
const MQTT_TLS_PORT = 8883;
const CAR = /^car-([1-9][0-9]*)$/;
const ANSWER_TIMEOUT_MS = 10_000;

/** Where a claim is when no flag says otherwise: in the data folder. */
const claimFolder = (data: string, flag: string | undefined): string => resolve(flag ?? join(data, CLAIM));

/** Puts what a new car needs into a folder: the claim certificate, its key, and whom to trust. */
export async function claim(flags: CertsFlags & { out?: string }): Promise<void> {
  const { config } = configFor({ data: flags.data });
  const authority = await authorityOf(flags);
  const { caPath, certPath, keyPath } = await authority.thing(CLAIM);
  const records = (await authority.list()).filter(({ thing, status }) => thing === CLAIM && status === 'active');
  await issued(flags, records);
  const folder = claimFolder(config.data, flags.out);
  await makePrivateFolder(folder);
  await copyFile(keyPath, join(folder, `${CLAIM}.key`));
  await copyFile(certPath, join(folder, `${CLAIM}.crt`));
  await copyFile(caPath, join(folder, CA_FILE));
  process.stderr.write(`The claim is in ${folder}. In a car: pitwall certs provision car-24 --claim ${folder}\n`);
}

/** As a new car: makes a key, which stays in `--out`, and gets a certificate and its rights by the claim. */
export async function provision(
  thing: string,
  flags: CertsFlags & { claim?: string; out?: string; host?: string; port?: string },
): Promise<void> {
  const number = CAR.exec(thing)?.[1];
  if (number === undefined) {
    throw new PitwallError('PW-USAGE-ARGUMENT', {
      what: `A claim can become car-1, car-2, …, not "${thing}".`,
      fix: 'Others get their certificate with: pitwall certs issue NAME',
    });
  }
  const { config } = configFor({ data: flags.data });
  const endpoint = endpointOf(flags, config.data);
  const claimed = claimFolder(config.data, flags.claim);
  requireClaim(claimed);
  const folder = resolve(flags.out ?? thing);
  await makePrivateFolder(folder);
  const path = (file: string) => join(folder, file);
  if (existsSync(path(`${thing}.crt`))) {
    throw new PitwallError('PW-CERTS-CLAIM', {
      what: `${thing} has a certificate in ${folder} already.`,
      fix: 'Remove it to get another, or name another folder with --out',
    });
  }
  const { keyPem, csrPem } = await makeSigningRequest(thing);
  // The key first: a certificate without its key is worth nothing.
  await writePrivateFile(path(`${thing}.key`), keyPem);
  const link = createMqttLink(
    {
      ...endpoint,
      caPath: join(claimed, CA_FILE),
      certPath: join(claimed, `${CLAIM}.crt`),
      keyPath: join(claimed, `${CLAIM}.key`),
      clientId: claimClientId(thing),
    },
    { wallClock, random: systemRandom, log: createLog('provision') },
  );
  const { certificateId, certificatePem, thingName } = await provisionByClaim(link, {
    csrPem,
    template: CAR_TEMPLATE,
    parameters: { [CAR_NUMBER]: number },
    timeoutMs: ANSWER_TIMEOUT_MS,
  });
  await writePrivateFile(path(`${thing}.crt`), certificatePem);
  await copyFile(join(claimed, CA_FILE), path(CA_FILE));
  const told = {
    thing: thingName,
    certificateId,
    certPath: path(`${thing}.crt`),
    keyPath: path(`${thing}.key`),
    caPath: path(CA_FILE),
  };
  if (flags.json) process.stdout.write(`${JSON.stringify(told)}\n`);
  else process.stdout.write(`${thingName} has its certificate ${certificateId.slice(0, 16)} in ${folder}\n`);
}

/** Where the claim connects: as told, else to the system that runs in the data folder. */
function endpointOf({ host, port }: { host?: string; port?: string }, data: string): { host: string; port: number } {
  if (host === undefined && port === undefined) {
    const { mqtt } = readRuntime(data);
    return { host: mqtt.host, port: mqtt.port };
  }
  const number = Number(port ?? MQTT_TLS_PORT);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--port is "${port}"; wanted 1 to 65535.` });
  }
  return { host: host ?? 'localhost', port: number };
}

function requireClaim(folder: string): void {
  if ([`${CLAIM}.crt`, `${CLAIM}.key`, CA_FILE].every((file) => existsSync(join(folder, file)))) return;
  throw new PitwallError('PW-CERTS-CLAIM', {
    what: `There is no claim in ${folder}.`,
    fix: 'Make one at the pit wall with: pitwall certs claim; then name its folder with --claim',
  });
}
