import type { Counters } from '../counters.js';
import type { Message } from './message.js';
import type { Session } from './session.js';

/** `$share/<name>/<filter>`: each message goes to one of the sessions that subscribed under the same name and filter. */
export class SharedGroup {
  /** With the granted QoS, in the order of subscribing. */
  readonly members = new Map<Session, 0 | 1>();
  /** As it was subscribed to. */
  readonly filter: string;
  readonly #counters: Counters;
  #turn = 0;

  constructor(filter: string, counters: Counters) {
    this.filter = filter;
    this.#counters = counters;
  }

  /**
   * Gives the message to the next member in turn that can take it now; else to one that is connected and will; else, when
   * it is worth keeping (QoS 1), to one whose session waits for its client.
   */
  choose(message: Message): void {
    const members = [...this.members];
    const turn = this.#turn++ % Math.max(1, members.length);
    const inTurn = [...members.slice(turn), ...members.slice(0, turn)];
    const chosen =
      inTurn.find(([{ outbox }]) => outbox.ready(message.topic)) ??
      inTurn.find(([{ outbox }]) => outbox.takes(message.topic)) ??
      (message.qos > 0 ? inTurn.find(([session, qos]) => qos > 0 && session.waits) : undefined);
    if (!chosen) {
      this.#counters.count('deliveryDrops', 'noMember');
      return;
    }
    const [session, qos] = chosen;
    session.outbox.offer(message, qos, this);
  }
}

/** Name and filter of a shared subscription; undefined when it is none. */
export function parseShared(filter: string): { name: string; filter: string } | undefined {
  const match = /^\$share\/([^/]*)\/(.*)$/s.exec(filter);
  return match ? { name: match[1], filter: match[2] } : undefined;
}
