import { join } from 'node:path';
import { type DeploymentOption, Deployments } from './deployments/deployments.js';
import { DocumentStore } from './deployments/document-store.js';
import type { JobStats } from './deployments/job.js';
import type { Outlet } from './outlets.js';
import type { MessageBody, Recorder } from './recorder.js';
import { type AgentSettings, agentShadow } from './setup/agent-settings.js';
import { CallInbox, type OnCall } from './setup/calls.js';
import { campaignShadow } from './setup/campaign-list.js';
import { type ApplySetup, setupShadow } from './setup/car-setup.js';
import type { JsonObject } from './setup/json.js';
import type { ShadowStats } from './setup/shadow-use.js';
import { Shadows } from './setup/shadows.js';
import type { LinkState } from './uplink/link.js';
import type { Clock } from './wire/clock.js';
import type { Log } from './wire/log.js';
import type { AckMessage } from './wire/messages.js';
import type { Random } from './wire/random.js';
import { topics } from './wire/topics.js';

export interface DownlinkOptions {
  thing: string;
  dataDir: string;
  /** Acknowledgements count for the destination that they come from; calls are heard from each; the first has the setup. */
  outlets: readonly Outlet[];
  recorder: Recorder;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
  /** Only a car has a setup and gets calls, and its policy allows no other to ask. Default `car`. */
  role?: 'car' | 'trackside';
  onCall?: OnCall;
  onSetup?: ApplySetup;
  onSettings: (settings: AgentSettings) => void;
  /** Puts the campaigns of the shadow `campaign` to work; undefined when it names none. Throwing refuses them. */
  onCampaigns: (documents: unknown[] | undefined) => void;
  /** A practice sheet came down. */
  onSheet: (payload: Uint8Array) => void;
  onAck?: (ack: AckMessage) => void;
  /** Absent: jobs that would deploy are rejected. */
  deployments?: DeploymentOption;
  /** What is wrong with the agent, if anything is. */
  ailment: () => string | undefined;
}

/** Race is on: nothing is changed in a car that is out there. */
const RACING: ReadonlySet<unknown> = new Set(['green', 'white']);

/** What comes to the agent: acknowledgements, and for a car setup and calls. */
export class Downlink {
  readonly #options: DownlinkOptions;
  readonly #calls: CallInbox | undefined;
  readonly #shadows: Shadows | undefined;
  readonly #deployments: Deployments | undefined;
  #track: AgentSettings['track'];
  #malformedAcks = 0;

  constructor(options: DownlinkOptions) {
    const { dataDir, outlets, recorder, raceClock, random, log, onCall, onSetup, onSettings, onCampaigns } = options;
    this.#options = options;
    if (options.role === 'trackside') return;
    const journal = (body: MessageBody) => {
      recorder.message(body);
      recorder.commit();
    };
    this.#calls = new CallInbox({ raceClock, log, onCall, answer: journal });
    const documents = new DocumentStore(join(dataDir, 'campaigns'), { random });
    this.#shadows = new Shadows({ ...options, dir: dataDir, link: outlets[0].link })
      .add(setupShadow(onSetup ?? (() => {}), journal))
      .add(
        campaignShadow((refs) =>
          documents.use(refs, (texts) => {
            const campaigns = texts.map((bytes) => JSON.parse(Buffer.from(bytes).toString('utf8')));
            onCampaigns(campaigns.length > 0 ? campaigns : undefined);
          }),
        ),
      )
      .add(
        agentShadow((settings) => {
          this.#track = settings.track;
          onSettings(settings);
        }),
      );
    this.#deployments = new Deployments({
      ...options,
      link: outlets[0].link,
      reasonToWait: () => this.#reasonToWait(),
      resend: (range) => outlets[0].uplink.resend(range),
    });
  }

  /** Messages that could not be read. */
  get malformed(): number {
    return this.#malformedAcks + (this.#calls?.malformed ?? 0);
  }

  start(): void {
    const { thing, outlets, onAck, onSheet } = this.#options;
    const calls = this.#calls;
    for (const { link, uplink } of outlets) {
      link.subscribe(topics.acks(thing), (_topic, payload) => {
        const ack = parseAck(payload);
        if (ack) {
          uplink.acknowledge(ack);
          onAck?.(ack);
        } else this.#malformedAcks++;
      });
      if (!calls) continue;
      link.subscribe(topics.calls(thing), (_topic, payload) => calls.receive(payload));
      link.subscribe(topics.sheets(thing), (_topic, payload) => onSheet(payload));
    }
    this.#shadows?.start();
    this.#deployments?.start();
  }

  onLinkState(outlet: Outlet, state: LinkState): void {
    if (outlet !== this.#options.outlets[0]) return;
    this.#shadows?.onLinkState(state);
    this.#deployments?.onLinkState(state);
  }

  tick(): void {
    this.#shadows?.tick();
    this.#deployments?.tick();
  }

  stop(): void {
    this.#deployments?.stop();
  }

  /** The car changed its setup by itself. Raises PW-SETUP-INVALID. */
  setupChanged(change: JsonObject): void {
    this.#shadows?.changed('setup', change);
  }

  get jobs(): JobStats | null {
    return this.#deployments?.stats ?? null;
  }

  /** By name of the shadow. */
  get shadows(): Record<string, ShadowStats> {
    return this.#shadows?.stats() ?? {};
  }

  #reasonToWait(): string | undefined {
    const { flag, inPits = false } = this.#track ?? {};
    return RACING.has(flag) && !inPits ? `the flag is ${flag}` : undefined;
  }
}

/** Only what is whole frees anything. */
function parseAck(payload: Uint8Array): AckMessage | undefined {
  try {
    const ack = JSON.parse(Buffer.from(payload).toString('utf8')) as Partial<AckMessage> | null;
    const whole =
      ack?.v === 1 &&
      ack.kind === 'ack' &&
      typeof ack.boot === 'string' &&
      (ack.family === 'frames' || ack.family === 'race') &&
      Array.isArray(ack.ranges) &&
      ack.ranges.every(
        ([from, to]) => Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 1 && to >= from,
      );
    return whole ? (ack as AckMessage) : undefined;
  } catch {
    return undefined;
  }
}
