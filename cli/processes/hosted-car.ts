/**
 * Entry point of a process that hosts one car's agent for the fleet. The device SDK's native layer can hold a process or
 * abort it while it winds down, so agents that use it live here, away from the other forty.
 */

import { ipcChannel } from '#simulator/fleet/ipc-channel.js';
import { hostCarAgent } from '#simulator/fleet/remote-host.js';
import { type ClockSync, RaceClock, wallClock } from '#wire/clock.js';
import { type AgentSite, startCarAgent } from '../agents.js';
import { createLog } from '../log.js';
import { systemRandom } from '../random.js';
import { type Usage, usageNow } from './protocol.js';

/** From the fleet, beside the channel's own messages. */
export type ToHostedCar = { type: 'host'; site: AgentSite; rateHz: number; clock: ClockSync } | ClockSync;
export type FromHostedCar = { type: 'usage'; usage: Usage };

const REPORT_MS = 500;

const raceClock = new RaceClock(wallClock);
const log = createLog('hosted-car');
const report = () => process.send?.({ type: 'usage', usage: usageNow() } satisfies FromHostedCar);

async function host({ site, rateHz, clock }: Extract<ToHostedCar, { type: 'host' }>): Promise<void> {
  raceClock.follow(clock);
  setInterval(report, REPORT_MS).unref();
  await hostCarAgent({
    thing: site.thing,
    rateHz,
    channel: ipcChannel(process),
    startAgent: (source, onCall) =>
      startCarAgent(site, source, onCall, { raceClock, wallClock, random: systemRandom, log }),
  });
  process.send?.({ type: 'usage', usage: usageNow() } satisfies FromHostedCar, () => process.exit(0));
}

process.on('message', (message: ToHostedCar) => {
  if (message.type === 'clock') raceClock.follow(message);
  else if (message.type === 'host') {
    host(message).catch((error: unknown) => {
      log.error('the hosted car ends', { error: String(error) });
      process.exit(1);
    });
  }
});
process.on('disconnect', () => process.exit(1));
process.on('SIGINT', () => {});
process.on('SIGTERM', () => {});
process.on('SIGHUP', () => {});
