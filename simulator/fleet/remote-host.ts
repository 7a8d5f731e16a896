import { SimulatedSource } from '#device/sources/simulated.js';
import { errorCode } from '#wire/errors.js';
import type { CallMessage } from '#wire/messages.js';
import { carChannels } from '../channels.js';
import type { AgentLike } from './agents.js';
import { bodyFor, type Channel, endOf, type RemoteMessage, type ToFleet, type ToHost } from './remote-protocol.js';

export interface HostOptions<Stats> {
  thing: string;
  rateHz: number;
  channel: Channel;
  /** As `AgentFactory.startCarAgent`. */
  startAgent: (source: SimulatedSource, onCall: (call: CallMessage) => void) => Promise<AgentLike<Stats>>;
  /** Wall ms between reports. Default 200. */
  reportMs?: number;
}

const REPORT_MS = 200;

/**
 * The other end of `RemoteAgent`: runs a car's agent in this process on samples that come over a channel. Resolves when
 * the fleet has stopped it; a start that failed is told to the fleet and raised here.
 *
 * @example
 * // in a child that was forked with serialization: 'advanced'
 * await hostCarAgent({ thing: 'car-1', rateHz: 100, channel, startAgent: (source, onCall) => startAgent({ source, onCall, … }) });
 */
export async function hostCarAgent<Stats>(options: HostOptions<Stats>): Promise<void> {
  const { thing, rateHz, channel, startAgent, reportMs = REPORT_MS } = options;
  const send = (body: ToFleet<Stats>) => {
    channel.send({ type: 'remoteCar', thing, body } satisfies RemoteMessage<ToFleet<Stats>>);
  };
  const source = new SimulatedSource(thing, carChannels(rateHz));
  let agent: AgentLike<Stats>;
  try {
    agent = await startAgent(source, (call) => send({ kind: 'call', call }));
  } catch (error) {
    send({ kind: 'failed', code: errorCode(error), message: error instanceof Error ? error.message : String(error) });
    throw error;
  }

  const report = () => send({ kind: 'stats', stats: agent.stats() });
  const drain = async (id: number, timeoutMs: number) => {
    // A drain that fails is one that did not happen; the reason is the agent's to log.
    const drained = await agent.drained(timeoutMs).catch(() => false);
    report();
    send({ kind: 'drained', id, drained });
  };
  const timer = setInterval(report, reportMs);
  timer.unref();
  await new Promise<void>((stopAsked) => {
    const unlisten = channel.listen((message) => {
      const body = bodyFor<ToHost>(message, thing);
      if (body?.kind === 'block') {
        source.push(body.block);
        send({ kind: 'took', untilMs: endOf(body.block) });
      } else if (body?.kind === 'lap') {
        source.lap(body);
      } else if (body?.kind === 'drain') {
        void drain(body.id, body.timeoutMs);
      } else if (body?.kind === 'stop') {
        unlisten();
        stopAsked();
      }
    });
    send({ kind: 'ready', stats: agent.stats() });
  });
  clearInterval(timer);
  await agent.stop();
  send({ kind: 'stopped', stats: agent.stats() });
}
