import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, openAuthority } from '#certs/authority.js';
import type { AwsError } from '#cloud/local/aws-error.js';
import { arnOf } from '#cloud/local/iot-core/registry/arns.js';
import type { RegistryLimits } from '#cloud/local/iot-core/registry/limits.js';
import { Registry } from '#cloud/local/iot-core/registry/registry.js';
import { ManualClock } from '#wire/clock.js';

export const account = { region: 'eu-west-1', accountId: '000000000000' };
export const START_MS = Date.UTC(2026, 10, 21);

/** A registry in a folder of its own, with an authority. */
export class RegistryFolder {
  readonly dir: string;
  readonly authority: Authority;
  readonly clock: ManualClock;
  registry!: Registry;

  private constructor(dir: string, authority: Authority, clock: ManualClock) {
    this.dir = dir;
    this.authority = authority;
    this.clock = clock;
  }

  static async open(limits: Partial<RegistryLimits> = {}): Promise<RegistryFolder> {
    const dir = await mkdtemp(join(tmpdir(), 'pitwall-registry-'));
    const clock = new ManualClock(START_MS);
    const folder = new RegistryFolder(dir, await openAuthority(join(dir, 'certs'), { now: clock }), clock);
    await folder.reopen(limits);
    return folder;
  }

  async reopen(limits: Partial<RegistryLimits> = {}): Promise<void> {
    await this.registry?.close();
    this.registry = await Registry.open({
      path: join(this.dir, 'registry'),
      account,
      wallClock: this.clock,
      issuer: this.authority,
      checkPolicy: (document) => void JSON.parse(document),
      limits,
    });
  }

  caPem(): Promise<string> {
    return readFile(this.authority.caPath, 'utf8');
  }

  /** ARN of a new certificate. */
  async certificate(): Promise<string> {
    const { certificateId } = await this.registry.certificates.createWithKeys('ACTIVE');
    return arnOf(account, 'cert', certificateId);
  }

  async remove(): Promise<void> {
    await this.registry.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Name of the exception that a call ends with; 'ok' when it does not. */
export async function refusal(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'ok';
  } catch (error) {
    return (error as AwsError).code ?? (error as Error).name;
  }
}
