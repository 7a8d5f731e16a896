import { EventEmitter } from 'node:events';
import type { SimulatedSource } from '#device/sources/simulated.js';
import type { EventBody, RegularBlock } from '#device/sources/source.js';
import type { TimingBody, TrackAgentLike } from '#simulator/fleet/agents.js';
import type { Channel } from '#simulator/fleet/remote-protocol.js';
import type { CallMessage } from '#wire/messages.js';

export interface FakeStats {
  thing: string;
  blocks: number;
}

/** An agent that keeps the ends of its blocks, and all else that it is given. */
export class FakeAgent implements TrackAgentLike<FakeStats> {
  readonly thing: string;
  readonly timing: TimingBody[] = [];
  readonly blocks: { timeMs: number; endMs: number }[] = [];
  readonly events: EventBody[] = [];
  onCall: (call: CallMessage) => void = () => {};
  stopped = false;
  isDrained = true;

  constructor(thing: string, source?: SimulatedSource) {
    this.thing = thing;
    source?.start({
      samples: (block: RegularBlock) => {
        const { timeMs, count, periodUs } = block;
        this.blocks.push({ timeMs, endMs: timeMs + (count * periodUs) / 1000 });
      },
      event: (event) => this.events.push(event),
    });
  }

  publishTiming(body: TimingBody): void {
    this.timing.push(body);
  }

  stats(): FakeStats {
    return { thing: this.thing, blocks: this.blocks.length };
  }

  async drained(): Promise<boolean> {
    return this.isDrained;
  }

  async stop(): Promise<void> {
    this.stopped = true;
  }
}

/** Two ends of a pipe in memory. As IPC does, it copies what is sent and delivers it later. */
export function channelPair(): [Channel, Channel] {
  const ends = [new EventEmitter(), new EventEmitter()];
  const end = (own: EventEmitter, other: EventEmitter): Channel => ({
    send: (message) => {
      const copy = structuredClone(message);
      queueMicrotask(() => other.emit('message', copy));
    },
    listen: (listener) => {
      own.on('message', listener);
      return () => own.off('message', listener);
    },
  });
  return [end(ends[0], ends[1]), end(ends[1], ends[0])];
}

export function pitCall(overrides: Partial<CallMessage> = {}): CallMessage {
  return {
    v: 1,
    kind: 'call',
    callId: 'call-1',
    revision: 1,
    supersedes: null,
    race: 'race-1',
    entry: '3',
    action: 'pit',
    lapFrom: 2,
    lapTo: 4,
    service: { tyres: 4, fuelKg: 3 },
    text: 'Box this lap.',
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    ...overrides,
  };
}
