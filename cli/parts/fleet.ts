import type { Identity } from '#certs/authority.js';
import type { AgentStats } from '#device/agent.js';
import type { AgentLike } from '#simulator/fleet/agents.js';
import { type FleetStatus, startFleet } from '#simulator/fleet/fleet.js';
import { carThing, sessionFor } from '#simulator/fleet/roster.js';
import { scenarioNamed } from '#simulator/scenarios/index.js';
import { withOverrides } from '#simulator/scenarios/scenario.js';
import { createTrack } from '#simulator/world/track.js';
import type { CallMessage } from '#wire/messages.js';
import type { SessionOpen } from '#wire/race-records.js';
import { type AgentSite, startCarAgent, startTrackAgent } from '../agents.js';
import type { AgentCounts } from '../race/audit.js';
import { HostedCars } from './hosted-cars.js';
import type { Part, PartContext } from './part.js';

export interface FleetPartOptions {
  scenario: string;
  cars: number;
  laps: number;
  rateHz: number;
  seed: number;
  race: string;
  agentsDir: string;
  mqtt: { host: string; port: number };
  identities: Record<string, Identity>;
  /** `--single`: the device SDK's agent runs in this process too. */
  sdkInProcess: boolean;
}

export type { FleetStatus };

/** The car whose agent uses the AWS IoT device SDK; the others use the mqtt package. */
const SDK_THING = carThing(1);
/** The world, or a hosted car, may be this far behind the race clock (race ms) before it slows down. */
const BEHIND_BOUND_MS = 1_500;
/** A simulated track has no timing loops: its sectors are equal parts of the lap. */
const SECTORS = 3;
/** So may the agents: records not yet published, over all of them. */
const UNSENT_BOUND = 4_000;

/** World and agents. */
export async function startFleetPart(options: FleetPartOptions, context: PartContext): Promise<Part<{ cars: number }>> {
  const scenario = withOverrides(scenarioNamed(options.scenario), {
    cars: options.cars,
    laps: options.laps,
    rateHz: options.rateHz,
  });
  const hosted = new HostedCars(context);
  const sectorM = createTrack(scenario.track).lengthM / SECTORS;
  const sectorStartsM = Array.from({ length: SECTORS }, (_, sector) => sector * sectorM);
  const siteOf = (thing: string): AgentSite => ({
    thing,
    agentsDir: options.agentsDir,
    mqtt: options.mqtt,
    identity: options.identities[thing],
    link: thing === SDK_THING ? 'iot-core' : 'mqtt',
    sectorStartsM,
  });
  const agents: { thing: string; agent: AgentLike<AgentStats> }[] = [];
  const kept = async <Started extends AgentLike<AgentStats>>(
    thing: string,
    started: Promise<Started>,
  ): Promise<Started> => {
    const agent = await started;
    agents.push({ thing, agent });
    return agent;
  };
  const fleet = await startFleet<AgentStats>({
    scenario,
    seed: options.seed,
    raceClock: context.raceClock,
    log: context.log,
    startCarAgent: (thing, source, onCall: (call: CallMessage) => void) => {
      const site = siteOf(thing);
      const elsewhere = site.link === 'iot-core' && !options.sdkInProcess;
      return kept<AgentLike<AgentStats>>(
        thing,
        elsewhere ? hosted.start(site, scenario.rateHz, source, onCall) : startCarAgent(site, source, onCall, context),
      );
    },
    startTrackAgent: (thing) => kept(thing, startTrackAgent(siteOf(thing), context)),
  });
  let finished = false;
  void fleet.finished.then(() => {
    finished = true;
  });

  return {
    info: { cars: scenario.cars },
    lag: () => {
      const { behindMs } = fleet.stats();
      const unsent = agents.reduce((sum, { agent }) => sum + agent.stats().unsent, 0);
      const world = behindMs / BEHIND_BOUND_MS;
      const sending = unsent / UNSENT_BOUND;
      return sending > world ? { name: 'agents', share: sending } : { name: 'world', share: world };
    },
    methods: {
      session: (): SessionOpen => ({
        v: 1,
        kind: 'session',
        type: 'open',
        inputId: `open-${options.race}`,
        race: options.race,
        author: 'race',
        eventTimeMs: context.raceClock.nowMs(),
        // A call that a person accepts is shown to the driver; nothing reaches a car that nobody accepted.
        pitToCar: 'display',
        ...sessionFor(scenario, options.seed),
      }),
      run: () => fleet.run(),
      status: (): FleetStatus => ({ ...fleet.status(), finished }),
      drain: (timeoutMs: number) => fleet.drained(timeoutMs),
      result: () => ({ finish: fleet.result().map(({ number }) => String(number)) }),
      agents: (): AgentCounts[] => agents.map(({ thing, agent }) => countsOf(thing, agent.stats())),
      children: () => hosted.usage(),
      stats: () => fleet.stats(),
    },
    stop: async () => {
      hosted.expectEnd();
      await fleet.stop();
      await hosted.stop();
    },
  };
}

function countsOf(thing: string, stats: AgentStats): AgentCounts {
  return {
    thing,
    boot: stats.boot,
    sampled: stats.sampled,
    journaled: stats.framesJournaled,
    published: stats.framesPublished,
    pubacked: stats.framesPubacked,
    acked: stats.framesAcked,
    dropped: stats.framesDropped > 0 ? { journal: stats.framesDropped } : {},
  };
}
