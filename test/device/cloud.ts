import { decodeFrameHeader } from '#wire/frame.js';
import { formatBoot } from '#wire/identity.js';
import type { AckMessage, Envelope, Family } from '#wire/messages.js';
import { RangeSet } from '#wire/ranges.js';
import { familyOfTopic, thingOfTopic, topics } from '#wire/topics.js';
import type { Heard, TestBroker } from './uplink/broker.js';

/** A record as the far end of a stream sees it. */
export interface Arrived {
  thing: string;
  boot: string;
  seq: number;
  prev: number;
  family: Family;
  topic: string;
  /** Decoded JSON; undefined for frames. */
  message?: Envelope & Record<string, unknown>;
  lane?: string;
}

/** What stands behind the broker for an agent: takes records, removes duplicates, acknowledges when told to. */
export class TestCloud {
  readonly arrived: Arrived[] = [];
  duplicates = 0;
  /** Acknowledge at once what arrives. */
  acking = true;
  /** Messages that get lost between the broker and here. */
  lose: (message: Heard) => boolean = () => false;
  readonly #broker: TestBroker;
  readonly #have = new Map<string, { thing: string; boot: string; family: Family; seqs: RangeSet }>();

  constructor(broker: TestBroker) {
    this.#broker = broker;
    broker.onMessage = (message) => this.#take(message);
  }

  /** All JSON messages of a kind, in order of arrival. */
  messages(kind: string): (Envelope & Record<string, unknown>)[] {
    return this.arrived.flatMap(({ message }) => (message?.kind === kind ? [message] : []));
  }

  frames(): Arrived[] {
    return this.arrived.filter(({ message }) => !message);
  }

  /** Acknowledges everything taken so far. */
  acknowledge(): void {
    for (const { thing, boot, family, seqs } of this.#have.values()) {
      const ack: AckMessage = { v: 1, kind: 'ack', boot, family, ranges: seqs.toJSON() };
      this.#broker.send(topics.acks(thing), JSON.stringify(ack));
    }
  }

  #take(message: Heard): void {
    const family = familyOfTopic(message.topic);
    if (!family || this.lose(message)) return;
    const arrived = message.topic.endsWith('/frames') ? frameOf(message) : jsonOf(message, family);
    const key = `${arrived.thing} ${arrived.boot} ${family}`;
    let have = this.#have.get(key);
    if (!have) {
      have = { thing: arrived.thing, boot: arrived.boot, family, seqs: new RangeSet() };
      this.#have.set(key, have);
    }
    if (have.seqs.add(arrived.seq) === 1) this.arrived.push(arrived);
    else this.duplicates++;
    if (this.acking) this.acknowledge();
  }
}

function frameOf({ topic, payload }: Heard): Arrived {
  const { thing, boot, seq, prev, lane } = decodeFrameHeader(payload);
  return { thing, boot: formatBoot(boot), seq, prev, family: 'frames', topic, lane };
}

function jsonOf({ topic, payload }: Heard, family: Family): Arrived {
  const message = JSON.parse(payload.toString()) as Envelope & Record<string, unknown>;
  if (thingOfTopic(topic) !== message.thing) throw new Error(`${message.thing} on ${topic}`);
  return { thing: message.thing, boot: message.boot, seq: message.seq, prev: message.prev, family, topic, message };
}
