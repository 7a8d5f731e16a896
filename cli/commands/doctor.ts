import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { join, resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { streams } from '#cloud/resources.js';
import { errorCode } from '#wire/errors.js';
import type { Config } from '../config/keys.js';
import { findContext, LOCAL, readContexts } from '../contexts.js';
import { type Runtime, readRuntime } from '../data-dir.js';
import { EXIT } from '../exit.js';
import { configFor } from './config.js';

/** One finding. `fix` is what to run or change; there is none when all is well. */
export interface Finding {
  check: string;
  state: 'ok' | 'warning' | 'failed';
  detail: string;
  fix?: string;
}

const DISK_FREE_MIN_BYTES = 2 * 1024 ** 3;
const CERT_DAYS_WARNING = 14;
const PROBE_TIMEOUT_MS = 3_000;
const DAY_MS = 86_400_000;

/** Checks this machine, the data folder, the identities, and what runs; exit 1 when one failed. */
export async function doctor(flags: { json?: boolean; data?: string }): Promise<void> {
  const { config } = configFor({ data: flags.data });
  const findings = await examine(config);
  if (flags.json) process.stdout.write(`${JSON.stringify({ findings })}\n`);
  else for (const finding of findings) process.stdout.write(`${format(finding)}\n`);
  process.exit(findings.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.ok);
}

function format({ check, state, detail, fix }: Finding): string {
  const mark = { ok: '✓', warning: '!', failed: '✗' }[state];
  return `${mark} ${check}: ${detail}${fix ? `\n    → ${fix}` : ''}`;
}

export async function examine(config: Config): Promise<Finding[]> {
  const data = resolve(config.data);
  const findings: Finding[] = [
    nodeVersion(),
    dataFolder(data),
    await diskSpace(data),
    ...certificates(join(data, 'certs')),
  ];
  if (config.context !== LOCAL) return [...findings, await awsIdentity(config)];
  let runtime: Runtime | null = null;
  try {
    runtime = readRuntime(config.data);
  } catch {
    findings.push({ check: 'running system', state: 'ok', detail: `none in ${data}; start one with: pitwall race` });
  }
  if (!runtime) return [...findings, await screenPort(config)];
  findings.push({
    check: 'running system',
    state: 'ok',
    detail: `process ${runtime.pid}, screen ${runtime.screen ?? 'off'}`,
  });
  findings.push(await broker(runtime), await streamService(runtime, config, data));
  return findings;
}

function nodeVersion(): Finding {
  return { check: 'Node', state: 'ok', detail: `${process.versions.node} (20.19 or newer is needed)` };
}

function dataFolder(data: string): Finding {
  try {
    mkdirSync(data, { recursive: true, mode: 0o700 });
    accessSync(data, constants.W_OK);
    return { check: 'data folder', state: 'ok', detail: data };
  } catch (error) {
    return {
      check: 'data folder',
      state: 'failed',
      detail: `${data}: ${errorCode(error)}`,
      fix: 'Name another with --data DIR or PITWALL_DATA.',
    };
  }
}

async function diskSpace(data: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(existsSync(data) ? data : '.');
  const freeBytes = bavail * bsize;
  const detail = `${(freeBytes / 1024 ** 3).toFixed(1)} GiB free; a default race writes about 1 GiB`;
  if (freeBytes >= DISK_FREE_MIN_BYTES) return { check: 'disk', state: 'ok', detail };
  return { check: 'disk', state: 'failed', detail, fix: 'Free some, or name another folder with --data DIR.' };
}

/** Each certificate: days left, key belongs to it, key readable by its owner only. One line when all is well. */
function certificates(folder: string): Finding[] {
  if (!existsSync(folder))
    return [{ check: 'certificates', state: 'ok', detail: 'none yet; the first start makes them' }];
  const findings: Finding[] = [];
  let checked = 0;
  let daysLeft = Number.POSITIVE_INFINITY;
  for (const file of certificateFiles(folder)) {
    const certificate = new X509Certificate(readFileSync(file));
    const days = (Date.parse(certificate.validTo) - Date.now()) / DAY_MS;
    daysLeft = Math.min(daysLeft, days);
    checked++;
    const keyFile = keyFileOf(file);
    if (days < CERT_DAYS_WARNING) {
      findings.push({
        check: 'certificates',
        state: days < 0 ? 'failed' : 'warning',
        detail: `${file}: ${days.toFixed(0)} days left`,
        fix: 'Remove the file; the next start makes a new one.',
      });
    }
    if (keyFile && !certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile)))) {
      findings.push({
        check: 'certificates',
        state: 'failed',
        detail: `${keyFile} is not the key of ${file}`,
        fix: 'Remove both; the next start makes new ones.',
      });
    }
    if (keyFile && (statSync(keyFile).mode & 0o077) !== 0) {
      findings.push({
        check: 'certificates',
        state: 'failed',
        detail: `${keyFile} can be read by others`,
        fix: `chmod 600 ${keyFile}`,
      });
    }
  }
  if (findings.length > 0) return findings;
  return [
    {
      check: 'certificates',
      state: 'ok',
      detail: checked
        ? `${checked}, at least ${daysLeft.toFixed(0)} days left, keys match`
        : 'none yet; the first start makes them',
    },
  ];
}

function certificateFiles(folder: string): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => /\.(pem|crt)$/.test(file) && !/key/.test(file))
    .map((file) => join(folder, file))
    .filter((file) => readFileSync(file, 'utf8').includes('BEGIN CERTIFICATE'));
}

function keyFileOf(file: string): string | null {
  const candidates = [
    file.replace(/\.(cert|crt)?\.?(pem|crt)$/, '.key.pem'),
    file.replace(/cert\.pem$/, 'key.pem'),
    file.replace(/\.(pem|crt)$/, '.key'),
  ];
  return candidates.find((candidate) => candidate !== file && existsSync(candidate)) ?? null;
}

/** Mutual TLS with the operator's certificate: chain, host name and reachability in one. */
function broker({ mqtt }: Runtime): Promise<Finding> {
  const where = `mqtts://${mqtt.host}:${mqtt.port}`;
  return new Promise((done) => {
    const socket = connectTls({
      host: mqtt.host,
      port: mqtt.port,
      ca: readFileSync(mqtt.ca),
      cert: readFileSync(mqtt.cert),
      key: readFileSync(mqtt.key),
    });
    const finish = (state: Finding['state'], detail: string, fix?: string) => {
      // An orderly end: cut off, the broker would log a handshake that failed.
      socket.end();
      done({ check: 'broker', state, detail, fix });
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () =>
      finish('failed', `${where} does not answer`, 'Stop the running system and start it again.'),
    );
    socket.once('secureConnect', () => finish('ok', `${where}, ${socket.getProtocol()}, chain verified`));
    socket.once('error', (error) =>
      finish('failed', `${where}: ${errorCode(error)}`, 'Stop the running system and start it again.'),
    );
  });
}

async function streamService(runtime: Runtime, config: Config, data: string): Promise<Finding> {
  try {
    const { localCloudConfig } = await import('../local-cloud.js');
    const { createKinesisClient } = await import('#cloud/clients.js');
    const { DescribeStreamSummaryCommand } = await import('@aws-sdk/client-kinesis');
    const client = await createKinesisClient(localCloudConfig(data, runtime.endpoints, config.region));
    const states = await Promise.all(
      Object.values(streams).map(async ({ name }) => {
        const { StreamDescriptionSummary: summary } = await client.send(
          new DescribeStreamSummaryCommand({ StreamName: name }),
        );
        return `${name} ${summary?.StreamStatus} (${summary?.OpenShardCount} shards)`;
      }),
    );
    client.destroy();
    return { check: 'streams', state: 'ok', detail: states.join(', ') };
  } catch (error) {
    return {
      check: 'streams',
      state: 'failed',
      detail: errorCode(error),
      fix: 'Stop the running system and start it again.',
    };
  }
}

function screenPort({ port, listen }: Config): Promise<Finding> {
  return new Promise((done) => {
    const socket = connectTcp({ host: listen, port });
    const finish = (busy: boolean) => {
      socket.destroy();
      done(
        busy
          ? {
              check: 'screen port',
              state: 'warning',
              detail: `${port} is taken; the screen will use the next free one`,
              fix: 'Choose with --port.',
            }
          : { check: 'screen port', state: 'ok', detail: `${port} is free` },
      );
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('connect', () => finish(true));
    socket.once('error', () => finish(false));
  });
}

/** Asks AWS IoT for its endpoint: proves credentials, region and permission in one call. */
async function awsIdentity(config: Config): Promise<Finding> {
  const context = findContext(readContexts(), config.context);
  try {
    const { createIotClient } = await import('#cloud/clients.js');
    const { DescribeEndpointCommand } = await import('@aws-sdk/client-iot');
    const client = await createIotClient({ region: context?.region ?? config.region, profile: context?.profile });
    const { endpointAddress } = await client.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }), {
      abortSignal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
    });
    client.destroy();
    return { check: `context ${config.context}`, state: 'ok', detail: `AWS IoT answers: ${endpointAddress}` };
  } catch (error) {
    return {
      check: `context ${config.context}`,
      state: 'failed',
      detail: `AWS IoT: ${errorCode(error)}`,
      fix: 'Check credentials and region; or go back with: pitwall context use local',
    };
  }
}
