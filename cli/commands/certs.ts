import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Authority, openAuthority } from '#certs/authority.js';
import type { CertificateRecord } from '#certs/inventory.js';
import { carThing } from '#simulator/fleet/roster.js';
import { wallClock } from '#wire/clock.js';
import { PitwallError } from '#wire/errors.js';
import { enrolInRunningSystem, registeredInRunningSystem, revokeInRunningSystem } from './certs-running.js';
import { configFor } from './config.js';

export interface CertsFlags {
  json?: boolean;
  data?: string;
}

const CARS_MAX = 10_000;
/** Digits of a fingerprint that a person needs to tell certificates apart. */
const SHOWN_DIGITS = 16;

/** Prints what the authority issued: days left, fingerprint, status. */
export async function list(flags: CertsFlags): Promise<void> {
  const folder = folderOf(flags);
  // Looking must not make an authority.
  const issuedHere = existsSync(join(folder, 'ca.crt')) ? await (await open(folder)).list() : [];
  // Stable: of one thing, what was issued here comes first.
  const records = [...issuedHere, ...(await registeredOnly(flags, issuedHere))].sort((a, b) =>
    a.thing.localeCompare(b.thing, 'en', { numeric: true }),
  );
  if (flags.json) {
    print({ certificates: records });
    return;
  }
  if (records.length === 0) process.stderr.write(`No certificates in ${folder}.\n`);
  for (const record of records) process.stdout.write(`${row(record)}\n`);
}

/** Issues a certificate to each thing that has none; those that have one keep it. */
export async function issue(things: string[], flags: CertsFlags & { csr?: string }): Promise<void> {
  const authority = await open(folderOf(flags));
  if (flags.csr !== undefined) {
    if (things.length !== 1) {
      throw new PitwallError('PW-USAGE-ARGUMENT', { what: 'A signing request is for one thing; name it alone.' });
    }
    await issued(flags, [await authority.request(things[0], readRequest(flags.csr))]);
    return;
  }
  await issued(flags, await issueAll(authority, things));
}

/** Issues certificates to car-1 … car-N. */
export async function bulk(flags: CertsFlags & { cars: string }): Promise<void> {
  const cars = Number(flags.cars);
  if (!Number.isInteger(cars) || cars < 1 || cars > CARS_MAX) {
    throw new PitwallError('PW-USAGE-FLAG', { what: `--cars is "${flags.cars}"; wanted 1 to ${CARS_MAX}.` });
  }
  const things = Array.from({ length: cars }, (_, index) => carThing(index + 1));
  await issued(flags, await issueAll(await open(folderOf(flags)), things));
}

/** A new key and certificate; the earlier ones stay valid unless `--revoke`. */
export async function rotate(thing: string, flags: CertsFlags & { revoke?: boolean }): Promise<void> {
  const authority = await open(folderOf(flags));
  await authority.rotate(thing);
  if (flags.revoke) {
    for (const { certificateId } of await retiredOf(authority, thing)) await revokeOne(authority, certificateId, flags);
  }
  await issued(flags, await recordsOf(authority, thing));
}

/** Revokes a certificate by its id, or those of a thing: all, or with `--retired` those that were rotated away. */
export async function revoke(target: string, flags: CertsFlags & { retired?: boolean }): Promise<void> {
  const authority = await open(folderOf(flags));
  const known = await authority.list();
  const registered = await registeredOnly(flags, known);
  const chosen = [...known, ...registered].filter(
    ({ thing, certificateId, status }) =>
      certificateId === target || (thing === target && (flags.retired ? status === 'retired' : status !== 'revoked')),
  );
  if (chosen.length === 0) {
    throw new PitwallError('PW-CERTS-UNKNOWN', {
      what: `${target} has no ${flags.retired ? 'retired ' : ''}certificate.`,
      fix: 'See what there is with: pitwall certs list',
    });
  }
  const revoked: CertificateRecord[] = [];
  for (const record of chosen) {
    if (registered.includes(record)) {
      await revokeInRunningSystem(configOf(flags), record.certificateId);
      revoked.push({ ...record, status: 'revoked' });
    } else revoked.push(await revokeOne(authority, record.certificateId, flags));
  }
  told(flags, revoked);
}

/** First on the authority's list, which every start reads; then in the registry of the running system, if there is one. */
async function revokeOne(authority: Authority, certificateId: string, flags: CertsFlags): Promise<CertificateRecord> {
  const record = await authority.revoke(certificateId);
  await revokeInRunningSystem(configFor({ data: flags.data }).config, certificateId);
  return record;
}

/** Certificates that the running system alone knows: of cars that were provisioned by claim, or registered by its API. */
function registeredOnly(flags: CertsFlags, known: readonly CertificateRecord[]): Promise<CertificateRecord[]> {
  return registeredInRunningSystem(
    configOf(flags),
    new Set(known.map(({ certificateId }) => certificateId)),
    wallClock,
  );
}

const configOf = ({ data }: CertsFlags) => configFor({ data }).config;

async function issueAll(authority: Authority, things: readonly string[]): Promise<CertificateRecord[]> {
  for (const thing of things) await authority.thing(thing);
  const wanted = new Set(things);
  return (await authority.list()).filter(({ thing, status }) => wanted.has(thing) && status === 'active');
}

async function recordsOf(authority: Authority, thing: string): Promise<CertificateRecord[]> {
  return (await authority.list()).filter((record) => record.thing === thing && record.status !== 'revoked');
}

async function retiredOf(authority: Authority, thing: string): Promise<CertificateRecord[]> {
  return (await recordsOf(authority, thing)).filter(({ status }) => status === 'retired');
}

function folderOf({ data }: CertsFlags): string {
  return join(resolve(configFor({ data }).config.data), 'certs');
}

/** The authority of the data folder. */
export const authorityOf = (flags: CertsFlags): Promise<Authority> => open(folderOf(flags));

function open(folder: string): Promise<Authority> {
  return openAuthority(folder, { now: wallClock });
}

function readRequest(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PitwallError('PW-CERTS-REQUEST', { what: `${path} cannot be read.`, cause });
  }
}

/** In the folder, which every start reads; then in the registry of the running system, if there is one. */
export async function issued(flags: CertsFlags, records: readonly CertificateRecord[]): Promise<void> {
  await enrolInRunningSystem(configFor({ data: flags.data }).config, records);
  told(flags, records);
}

function told(flags: CertsFlags, records: readonly CertificateRecord[]): void {
  if (flags.json) print({ certificates: records });
  else for (const record of records) process.stdout.write(`${row(record)}\n`);
}

function print(document: object): void {
  process.stdout.write(`${JSON.stringify(document)}\n`);
}

function row({ thing, status, daysLeft, certificateId, certPath }: CertificateRecord): string {
  const days = `${Math.floor(daysLeft)} days left`.padStart(14);
  return `${thing.padEnd(16)} ${status.padEnd(8)} ${days}  ${certificateId.slice(0, SHOWN_DIGITS)}  ${certPath ?? (status === 'active' ? '(in the car)' : '')}`.trimEnd();
}
