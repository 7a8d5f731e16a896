import type { IoTDataPlaneClient } from '@aws-sdk/client-iot-data-plane';
import type { KinesisClient } from '@aws-sdk/client-kinesis';
import type { RaceView } from '#cloud/dashboard/view.js';
import type { RaceTrigger } from '#cloud/race/types.js';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import { CallSender } from './call-sender.js';
import { EngineVoice } from './engine-voice.js';
import { FlagTeller } from './flag-teller.js';
import { ForecastDesk } from './forecast-desk.js';
import type { Forecaster, ForecastRuns } from './forecaster.js';
import type { RaceInHand } from './race-in-hand.js';
import { rowsOf } from './rows.js';
import type { SeatOptions } from './seat.js';
import type { EffectStats } from './stats.js';
import { ViewPublisher } from './view-publisher.js';

export interface RaceEffectsOptions {
  kinesis: KinesisClient;
  iotData: IoTDataPlaneClient;
  resources: SeatOptions['resources'];
  forecaster?: Forecaster;
  forecastRuns?: ForecastRuns;
  /** How far behind the stream, race ms; undefined when it is live. */
  behindMs(): number | undefined;
  publishView(view: RaceView, epoch: number): void;
  raceClock: Clock;
  wallClock: Clock;
  random: Random;
  log: Log;
}

/** What the owner of a race does beside folding it: rows, calls to the cars, their flags, forecasts, the screen. */
export class RaceEffects {
  readonly #race: RaceInHand;
  readonly #options: RaceEffectsOptions;
  readonly #voice: EngineVoice;
  readonly #calls: CallSender;
  readonly #desk: ForecastDesk | undefined;
  readonly #views: ViewPublisher;
  readonly #flags: FlagTeller;

  constructor(race: RaceInHand, options: RaceEffectsOptions) {
    const { resources, forecaster, forecastRuns: runs, behindMs } = options;
    this.#race = race;
    this.#options = options;
    const voice = new EngineVoice(race, { ...options, stream: resources.streams.race });
    const isLive = () => behindMs() === undefined;
    this.#voice = voice;
    this.#calls = new CallSender(race, { ...options, voice });
    this.#desk = forecaster && new ForecastDesk(race, { ...options, forecaster, runs, voice, isLive });
    this.#views = new ViewPublisher(race, options);
    this.#flags = new FlagTeller(options);
  }

  stats(): EffectStats {
    const rows = this.#race.seat?.writer.stats();
    return {
      rowsWritten: rows?.written ?? 0,
      rowsFailed: rows?.failed ?? 0,
      callsSent: this.#calls.sent,
      voice: { ...this.#voice.counters },
      forecasting: this.#desk ? { ...this.#desk.counters } : null,
    };
  }

  /** For what a record brought. */
  act(triggers: readonly RaceTrigger[]): void {
    const { core, seat } = this.#race;
    if (!core.state || !seat || triggers.length === 0) return;
    const { tables } = this.#options.resources;
    for (const trigger of triggers) {
      for (const { table, row } of rowsOf(core.state, trigger)) seat.writer.put(tables[table].name, row);
    }
    this.#calls.tick();
    this.#desk?.consider(triggers);
    if (triggers.some(({ type }) => type === 'call' || type === 'flag' || type === 'session')) this.#views.publish();
  }

  /** What is due without a record; call it a few times a second. */
  tick(): void {
    this.#views.tick();
    const { core, seat } = this.#race;
    if (!seat || !core.state) return;
    this.#calls.tick();
    this.#desk?.tick();
    if (seat.lease.held()) this.#flags.tick(core.state, seat.lease.fence);
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    await this.#desk?.stop();
    await this.#voice.stop();
    await this.#calls.idle();
    await this.#flags.idle();
  }
}
