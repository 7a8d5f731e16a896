import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import { createIotDataClient } from '#cloud/clients.js';
import { PitwallError } from '#wire/errors.js';
import { THING_NAME } from '#wire/identity.js';
import { shadowTopic } from '#wire/topics.js';
import { readRuntime } from '../data-dir.js';
import { EXIT } from '../exit.js';
import { connectOperator, listen, positive } from '../operator.js';
import { cloudOf, remoteError, requireLocal } from '../remote.js';
import { configFor } from './config.js';
import { parseSettings } from './shadow-settings.js';

interface ShadowFlags {
  name?: string;
  json?: boolean;
  data?: string;
}

interface ShadowDocument {
  state: { desired?: object; reported?: object; delta?: object };
  version: number;
  timestamp: number;
}

/** Prints a shadow: its state, and what is desired but not yet reported. */
export async function get(thing: string, flags: ShadowFlags): Promise<void> {
  const document = await withClient(flags, (client) => readShadow(client, thing, flags.name));
  print(flags, document, () => [`version ${document.version}`, ...sectionsOf(document.state)]);
}

/** Changes desired (or reported) and shows what is left to do for the device. */
export async function set(
  thing: string,
  settings: string[],
  flags: ShadowFlags & { reported?: boolean; ifVersion?: string },
): Promise<void> {
  const section = flags.reported ? 'reported' : 'desired';
  const update: Record<string, unknown> = { state: { [section]: parseSettings(settings) } };
  if (flags.ifVersion !== undefined) update.version = positive('--if-version', flags.ifVersion);
  const document = await withClient(flags, async (client) => {
    const { UpdateThingShadowCommand } = await import('@aws-sdk/client-iot-data-plane');
    const payload = Buffer.from(JSON.stringify(update));
    await client.send(new UpdateThingShadowCommand({ thingName: thing, shadowName: flags.name, payload }));
    return readShadow(client, thing, flags.name);
  });
  const { version, state } = document;
  print(flags, { version, delta: state.delta ?? null }, () => [
    `version ${version}`,
    state.delta ? `delta     ${JSON.stringify(state.delta)}` : 'reported as desired: no delta',
  ]);
}

/** Prints each change of a shadow until ^C: one line per update or delete. */
export async function watch(thing: string, flags: ShadowFlags & { count?: string; timeout?: string }): Promise<void> {
  const limit = positive('--count', flags.count);
  const timeoutMs = positive('--timeout', flags.timeout) * 1000;
  const { config } = configFor({ data: flags.data });
  requireLocal(config, 'pitwall shadow watch');
  checkThing(thing);
  const base = flags.name === undefined ? `$aws/things/${thing}/shadow` : shadowTopic(thing, flags.name);
  const client = await connectOperator(readRuntime(config.data), 'watch');
  const code = await listen(client, {
    filters: [`${base}/update/documents`, `${base}/update/delta`, `${base}/delete/accepted`],
    limit,
    timeoutMs,
    onMessage: (topic, payload) => {
      const change = changeOf(topic.slice(base.length + 1), JSON.parse(payload.toString()));
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(change)}\n`
          : `v${change.version} ${change.type}${change.state ? ` ${JSON.stringify(change.state)}` : ''}\n`,
      );
      return true;
    },
  });
  process.exit(code);
}

interface Change {
  type: 'updated' | 'delta' | 'deleted';
  version: number;
  timestamp: number;
  state?: object;
}

type ChangeMessage = {
  version: number;
  timestamp: number;
  state: object;
  current?: { version: number; state: object };
};

function changeOf(verb: string, message: ChangeMessage): Change {
  const { version, timestamp, state, current } = message;
  if (current) return { type: 'updated', version: current.version, timestamp, state: current.state };
  return verb === 'update/delta'
    ? { type: 'delta', version, timestamp, state }
    : { type: 'deleted', version, timestamp };
}

const FIXES = {
  ResourceNotFoundException: 'Make it with: pitwall shadow set; cars have shadows by --name: setup, agent, campaign',
  ConflictException: 'See the version that is there with: pitwall shadow get',
};

async function withClient<T>({ data }: ShadowFlags, work: (client: IoTDataPlaneClient) => Promise<T>): Promise<T> {
  const client = await createIotDataClient(await cloudOf(configFor({ data }).config));
  try {
    return await work(client);
  } catch (error) {
    throw remoteError('The shadow service refused', error, FIXES);
  } finally {
    client.destroy();
  }
}

async function readShadow(
  client: IoTDataPlaneClient,
  thing: string,
  name: string | undefined,
): Promise<ShadowDocument> {
  const { GetThingShadowCommand } = await import('@aws-sdk/client-iot-data-plane');
  const { payload } = await client.send(new GetThingShadowCommand({ thingName: thing, shadowName: name }));
  return JSON.parse(Buffer.from(payload ?? []).toString()) as ShadowDocument;
}

function sectionsOf(state: ShadowDocument['state']): string[] {
  const sections = Object.entries(state);
  if (sections.length === 0) return ['empty'];
  return sections.map(([section, values]) => `${section.padEnd(9)} ${JSON.stringify(values)}`);
}

function print(flags: ShadowFlags, document: object, lines: () => string[]): void {
  process.stdout.write(flags.json ? `${JSON.stringify(document)}\n` : `${lines().join('\n')}\n`);
  process.exitCode = EXIT.ok;
}

function checkThing(thing: string): void {
  if (!THING_NAME.test(thing)) throw new PitwallError('PW-USAGE-ARGUMENT', { what: `"${thing}" is not a thing name.` });
}
