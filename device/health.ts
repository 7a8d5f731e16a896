import type { OnboardStats } from './components/onboard.js';
import type { JobStats } from './deployments/job.js';
import type { Inputs } from './inputs.js';
import type { Journal } from './journal/journal.js';
import type { Outlet, Outlets } from './outlets.js';
import type { CampaignsStats } from './pipeline/campaigns/campaigns.js';
import type { EventClock } from './pipeline/clock.js';
import { within } from './uplink/session.js';
import type { Clock } from './wire/clock.js';
import { HEALTH_EVERY_MS, type HealthMessage } from './wire/messages.js';
import { topics } from './wire/topics.js';

/** Of wall time, for the last one: a dead connection must not hold up a stop. */
const LAST_MS = 500;

export interface HealthOptions {
  thing: string;
  boot: string;
  raceClock: Clock;
  clock?: EventClock;
  journal: Journal;
  outlets: Outlets;
  inputs: Inputs;
  onboard: () => OnboardStats;
  jobs: () => JobStats | null;
  campaigns: () => CampaignsStats | null;
}

/** What the agent tells of itself: to each destination when its link comes up, every ten seconds of race time, and at its stop. */
export class Health {
  readonly #options: HealthOptions;
  #nextMs: number;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#nextMs = options.raceClock.nowMs() + HEALTH_EVERY_MS;
  }

  tick(): void {
    const { raceClock, outlets } = this.#options;
    const nowMs = raceClock.nowMs();
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + HEALTH_EVERY_MS;
    for (const outlet of outlets.all) void this.publish(outlet);
  }

  /** The last one of a stop in order, so that nobody believes in a link that is closed; waits no longer than it must. */
  async close(): Promise<void> {
    const { outlets } = this.#options;
    const isUp = ({ uplink }: Outlet) => uplink.stats().state === 'up';
    const sent = Promise.all(outlets.all.filter(isUp).map((outlet) => this.publish(outlet, 'down')));
    await within(sent, LAST_MS, () => new Error('not sent in time')).catch(() => {});
  }

  async publish({ link, uplink, cursor }: Outlet, state = uplink.stats().state): Promise<void> {
    const { thing, boot, raceClock, clock, journal, inputs } = this.#options;
    const { reconnects, rttMs } = uplink.stats();
    const { bytes, dropped } = journal.stats();
    const jobs = this.#options.jobs();
    const campaigns = this.#options.campaigns();
    const health: HealthMessage = {
      v: 1,
      kind: 'health',
      thing,
      boot,
      eventTimeMs: raceClock.nowMs(),
      link: state,
      journal: {
        unsentRecords: cursor.unsentCount,
        unackedRecords: cursor.unackedCount,
        bytes,
        oldestUnackedMs: journal.oldestUnackedMs(),
      },
      drops: dropped as Record<string, number>,
      reconnects,
      rttMs,
      clock: clock?.estimate(),
      sources: inputs.stats(),
      components: this.#options.onboard().components,
      ...(campaigns && { campaigns: { ...campaigns } }),
      ...(jobs?.current ? { job: { jobId: jobs.current, step: jobs.step } } : {}),
    };
    // QoS 0 and not journaled: the next one says more.
    await link.publish(topics.health(thing), Buffer.from(JSON.stringify(health)), 0).catch(() => {});
  }
}
