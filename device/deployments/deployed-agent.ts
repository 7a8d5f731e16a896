import type { Agent } from '../agent.js';
import type { Log } from '../wire/log.js';
import type { DeployLimits } from './deployer.js';
import type { DeploymentOption } from './deployments.js';
import { type DeployedItem, Slots } from './slots.js';

export interface DeployedAgentOptions {
  /** Folder of the two slots. */
  dir: string;
  log: Log;
  limits?: DeployLimits;
  /** Starts the agent with what is deployed, to be handed on to it as `AgentOptions.deployments`. */
  start(items: readonly DeployedItem[], deployments: DeploymentOption): Promise<Agent>;
}

/**
 * An agent that takes deployments. A new configuration needs a new start: the agent stops in order and starts again in the
 * same process, some hundred milliseconds later. One that does not even start is rolled back at once; one with which the
 * process dies, by the count of its starts. Raises what `start` raises without any deployment to blame.
 */
export async function startDeployedAgent(options: DeployedAgentOptions): Promise<Agent> {
  const { dir, log, start, limits } = options;
  const slots = new Slots(dir, log);
  let agent: Agent;
  let isStopped = false;
  /** The one that makes room for its successor. */
  let leaving: Agent | undefined;
  let restarting: Promise<void> = Promise.resolve();
  let resolveEnded: () => void = () => {};
  let rejectEnded: (error: unknown) => void = () => {};
  const ended = new Promise<void>((resolve, reject) => {
    resolveEnded = resolve;
    rejectEnded = reject;
  });

  async function launch(): Promise<Agent> {
    for (;;) {
      slots.begin();
      try {
        return await start(slots.items, { slots, apply, limits });
      } catch (error) {
        if (!slots.trial) throw error;
        slots.rollBack(error instanceof Error ? error.message : String(error));
      }
    }
  }

  function watch(started: Agent): Agent {
    started.ended.then(() => {
      if (started !== leaving) resolveEnded();
    }, rejectEnded);
    return started;
  }

  async function restart(): Promise<void> {
    if (isStopped) return;
    leaving = agent;
    await leaving.stop();
    if (isStopped) return;
    try {
      agent = watch(await launch());
    } catch (error) {
      log.error('deployments: the agent did not start again', { error: String(error) });
      rejectEnded(error);
    }
  }

  async function apply(): Promise<'restarting'> {
    restarting = restarting.then(restart);
    return 'restarting';
  }

  agent = await launch();
  watch(agent);
  return {
    get thing() {
      return agent.thing;
    },
    get boot() {
      return agent.boot;
    },
    ended,
    publishTiming: (body) => agent.publishTiming(body),
    setupChanged: (change) => agent.setupChanged(change),
    resend: (range, destination) => agent.resend(range, destination),
    replaceCampaigns: (documents) => agent.replaceCampaigns(documents),
    stats: () => agent.stats(),
    flush: () => agent.flush(),
    drained: (timeoutMs) => agent.drained(timeoutMs),
    async stop() {
      isStopped = true;
      await restarting;
      await agent.stop();
    },
  };
}
