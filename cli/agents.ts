import { join } from 'node:path';
import type { Identity } from '#certs/authority.js';
import { type Agent, startAgent } from '#device/agent.js';
import type { AlarmRule } from '#device/pipeline/alarms.js';
import type { SimulatedSource } from '#device/sources/simulated.js';
import { createIotCoreLink } from '#device/uplink/iot-core-link.js';
import { createMqttLink } from '#device/uplink/mqtt-link.js';
import type { CallMessage } from '#wire/messages.js';
import type { PartContext } from './parts/part.js';

/** Everything that an agent of the fleet needs to know of the system around it; plain data, so that it can be sent. */
export interface AgentSite {
  thing: string;
  agentsDir: string;
  mqtt: { host: string; port: number };
  identity: Identity;
  /** Which of the two links it uses. */
  link: 'mqtt' | 'iot-core';
  /** Where each sector of the lap begins, metres after the line: the practice sheet times them. */
  sectorStartsM: readonly number[];
}

/** What the 1 Hz summary tells of. */
const SUMMARY_CHANNELS = ['speed', 'rpm', 'throttle', 'waterTemp', 'oilTemp', 'oilPressure', 'fuelPressure'];

const ALARMS: AlarmRule[] = [
  { name: 'waterTempHigh', channel: 'waterTemp', when: 'above', limit: 118, hysteresis: 4, level: 'warning' },
  { name: 'fuelPressureLow', channel: 'fuelPressure', when: 'below', limit: 250, hysteresis: 30, level: 'critical' },
];

const LINKS = { mqtt: createMqttLink, 'iot-core': createIotCoreLink } as const;

function common(site: AgentSite, { raceClock, wallClock, random, log }: PartContext) {
  return {
    thing: site.thing,
    dataDir: join(site.agentsDir, site.thing),
    raceClock,
    wallClock,
    random,
    log,
    // Forty simulated cars share one disk and no master switch: each commit is written before it is sent, which survives a
    // killed process; fsync is for the car (decision 14).
    journal: { fsync: 'none' as const },
    link: () => LINKS[site.link]({ ...site.mqtt, clientId: site.thing, ...site.identity }, { wallClock, random, log }),
  };
}

/** The agent in a car, on samples that the world gives it. */
export function startCarAgent(
  site: AgentSite,
  source: SimulatedSource,
  onCall: (call: CallMessage) => void,
  context: PartContext,
): Promise<Agent> {
  return startAgent({
    ...common(site, context),
    sources: [source],
    summaryChannels: SUMMARY_CHANNELS,
    alarms: ALARMS,
    track: { sectorStartsM: site.sectorStartsM },
    onCall,
    // A simulated car has no actuator: it takes every valid setup and reports it.
    onSetup: () => {},
  });
}

/** The agent beside the track, which publishes official timing. */
export function startTrackAgent(site: AgentSite, context: PartContext): Promise<Agent> {
  return startAgent({ ...common(site, context), role: 'trackside' });
}
