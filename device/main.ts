/**
 * One agent and nothing else: `node device/main.js car car.json`, `node device/main.js trackside trackside.json`. The
 * command `pitwall car run` does the same and tells how it goes; this needs no more than this folder.
 */
import { randomInt } from 'node:crypto';
import { startDeployedConfig } from './config/deployed.js';
import { loadConfig } from './config/load.js';
import { type Machine, startConfigured } from './config/start.js';
import { wallClock } from './wire/clock.js';
import type { Log } from './wire/log.js';

const RANDOM_STEPS = 2 ** 47;
const [USAGE, INTERRUPTED] = [2, 130];

const line = (level: string) => (message: string, fields?: object) => {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
};
const log: Log = { info: line('info'), warn: line('warn'), error: line('error') };

const [role, file] = process.argv.slice(2);
if ((role !== 'car' && role !== 'trackside') || file === undefined) {
  process.stderr.write('Usage: node main.js car|trackside FILE\n');
  process.exit(USAGE);
}
const machine: Machine = {
  wallClock,
  // The clock that can be set: event time survives that.
  machineClock: { nowMs: () => Date.now() },
  random: () => randomInt(RANDOM_STEPS) / RANDOM_STEPS,
  log,
  stdin: process.stdin,
};
const config = loadConfig(file);
const agent = await (role === 'car' ? startDeployedConfig(config, machine) : startConfigured(config, role, machine));
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void agent.stop().then(() => process.exit(INTERRUPTED)));
}
