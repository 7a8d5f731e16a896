import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AgentStats } from '#device/agent.js';
import type { SimulatedSource } from '#device/sources/simulated.js';
import { ipcChannel } from '#simulator/fleet/ipc-channel.js';
import { RemoteAgent } from '#simulator/fleet/remote.js';
import { PitwallError } from '#wire/errors.js';
import type { CallMessage } from '#wire/messages.js';
import type { AgentSite } from '../agents.js';
import type { FromHostedCar, ToHostedCar } from '../processes/hosted-car.js';
import type { Usage } from '../processes/protocol.js';
import type { PartContext } from './part.js';

/** How often the race clock is handed on; a change of rate reaches a hosted car this much later at most. */
const CLOCK_MS = 100;
const STOP_TIMEOUT_MS = 5_000;

const ENTRY = fileURLToPath(
  new URL(`../processes/hosted-car${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
);

export interface HostedCarUsage extends Usage {
  name: string;
}

/** The fleet's children, one per hosted car: starts them, hands the clock on, ends them. */
export class HostedCars {
  readonly #context: PartContext;
  readonly #children = new Map<string, { child: ChildProcess; usage: Usage }>();
  readonly #timer: NodeJS.Timeout;
  #ending = false;

  constructor(context: PartContext) {
    this.#context = context;
    this.#timer = setInterval(() => {
      for (const { child } of this.#children.values()) this.#post(child, context.raceClock.sync());
    }, CLOCK_MS);
    this.#timer.unref();
  }

  async start(
    site: AgentSite,
    rateHz: number,
    source: SimulatedSource,
    onCall: (call: CallMessage) => void,
  ): Promise<RemoteAgent<AgentStats>> {
    const { log, raceClock } = this.#context;
    const child = fork(ENTRY, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const entry = { child, usage: { cpuSeconds: 0, rssMb: 0 } };
    this.#children.set(site.thing, entry);
    child.on('message', (message: FromHostedCar) => {
      if (message.type === 'usage') entry.usage = message.usage;
    });
    child.once('exit', (code, signal) => {
      // Nobody waits for this: unheard, the car would stay behind for ever and the race clock with it. It ends the fleet.
      if (!this.#ending) {
        throw new PitwallError('PW-RACE-PART', { what: `The process of ${site.thing} ended (${signal ?? code}).` });
      }
    });
    const agent = RemoteAgent.connect<AgentStats>({
      thing: site.thing,
      source,
      channel: ipcChannel(child),
      onCall,
      log,
    });
    this.#post(child, { type: 'host', site, rateHz, clock: raceClock.sync() });
    return agent;
  }

  #post(child: ChildProcess, message: ToHostedCar): void {
    if (child.connected) child.send(message, () => {});
  }

  usage(): HostedCarUsage[] {
    return [...this.#children].map(([thing, { usage }]) => ({ name: `hosted ${thing}`, ...usage }));
  }

  /** Before the fleet stops their agents: from here on a child's end is no failure, however its native layer ends. */
  expectEnd(): void {
    this.#ending = true;
  }

  /** After the fleet has stopped their agents the children end by themselves; one that does not is killed. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(
      [...this.#children.values()].map(async ({ child }) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
        await new Promise((resolve) => child.once('exit', resolve));
        clearTimeout(timer);
      }),
    );
  }
}
