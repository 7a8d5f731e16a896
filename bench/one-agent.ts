/**
 * What one agent alone costs, as it runs in a car: 60 channels at 100 Hz in a process of its own, compiled, into a broker
 * in another one. CPU and memory are what the kernel counts; the sensors' waves are computed in the same process.
 */
import { type ChildProcess, execFileSync, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { openAuthority } from '#certs/authority.js';
import { wallClock } from '#wire/clock.js';
import { type Figure, round } from './figure.js';

const CHANNELS = 60;
const RATE_HZ = 100;
const WARM_UP_MS = 4000;
const ROUND_MS = 4000;
const ROUNDS = 3;
const STARTS = 3;
/** As the README of `device` advises for small computers: little room for new objects, and none for compiled code. */
const SMALL = ['--max-semi-space-size=1', '--optimize-for-size', '--no-opt', '--no-sparkplug', '--single-threaded'];
const ROOT = resolve(import.meta.dirname, '..');
const LINKS = ['mqtt', 'iot-core'] as const;

export async function oneAgentFigures(): Promise<Figure[]> {
  if (!existsSync(join(ROOT, 'dist/device/main.js'))) throw new Error('Not compiled: npm run build');
  const dir = await mkdtemp(join(tmpdir(), 'pitwall-bench-'));
  const authority = await openAuthority(join(dir, 'certs'), { now: wallClock });
  const { caPath, certPath, keyPath } = await authority.server();
  const broker = fork(join(import.meta.dirname, 'agent-broker.ts'), [caPath, certPath, keyPath]);
  const [port] = (await once(broker, 'message')) as [number];
  const { caPath: ca, certPath: cert, keyPath: key } = await authority.thing('car-1');
  const configFor = (link: (typeof LINKS)[number]): string => {
    const channels = Array.from({ length: CHANNELS }, (_, i) => ({
      name: `channel${i}`,
      min: 0,
      max: 1000,
      periodS: 1 + i,
    }));
    const config = {
      thing: 'car-1',
      dataDir: link,
      destinations: [{ name: 'local', endpoint: { host: 'localhost', port }, ca, cert, key, link }],
      sources: [{ kind: 'simulated', rateHz: RATE_HZ, channels }],
      summaryChannels: channels.slice(0, 12).map(({ name }) => name),
    };
    const path = join(dir, `${link}.json`);
    writeFileSync(path, JSON.stringify(config));
    mkdirSync(join(dir, link), { recursive: true });
    return path;
  };
  try {
    const figures = [await coldStart(configFor('mqtt'))];
    for (const link of LINKS) figures.push(...(await running(link, configFor(link))));
    return figures;
  } finally {
    broker.disconnect();
    await rm(dir, { recursive: true, force: true });
  }
}

/** From the command to the first frame in the journal. */
async function coldStart(config: string): Promise<Figure> {
  const times: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const fromMs = performance.now();
    const child = spawn(process.execPath, ['cli/bin.js', 'car', 'run', '--config', config, '--json'], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
    if (!line.includes('"ready"')) throw new Error(`The agent did not start: ${line}`);
    times.push(performance.now() - fromMs);
    await end(child);
  }
  const best = Math.min(...times);
  return { name: 'agent.coldStart', unit: 'ms', value: round(best, 0), spread: round(Math.max(...times) / best - 1) };
}

async function running(link: string, config: string): Promise<Figure[]> {
  const child = spawn(process.execPath, [...SMALL, 'dist/device/main.js', 'car', config], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  await sleep(WARM_UP_MS);
  const shares: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const [cpuMs, fromMs] = [cpuMsOf(child), performance.now()];
    await sleep(ROUND_MS);
    shares.push((100 * (cpuMsOf(child) - cpuMs)) / (performance.now() - fromMs));
  }
  const rssMb = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) / 1024;
  await end(child);
  const best = Math.min(...shares);
  const spread = round(Math.max(...shares) / best - 1);
  return [
    { name: `agent.${link}.cpu`, unit: '% of a core', value: round(best), spread },
    { name: `agent.${link}.rss`, unit: 'MB', value: round(rssMb, 1), spread: 0 },
  ];
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** User and system time of a process. */
function cpuMsOf({ pid }: ChildProcess): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGINT');
  await exited;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
