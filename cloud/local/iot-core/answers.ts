import type { Client } from 'aedes';
import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Publish } from './admission.js';
import { type Announcements, toJson } from './announcements.js';
import type { Clients } from './clients/clients.js';
import type { Connection } from './connection.js';
import type { Counters } from './counters.js';
import type { Distribution } from './delivery/distribution.js';
import type { DeviceServices, ServiceCall } from './device-services.js';
import { Refusal } from './refusal.js';
import type { ShadowService } from './shadow/service.js';
import type { ShadowAddress } from './shadow/topics.js';

export interface AnswersOptions {
  shadows: ShadowService;
  /** Jobs and provisioning; without them their topics are refused. */
  services?: DeviceServices;
  clients: Clients;
  distribution: Distribution;
  announcements: Announcements;
  counters: Counters;
  log: Log;
}

/** What services say to requests that were published to them. */
export class Answers {
  readonly #options: AnswersOptions;

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** To everybody who may listen. */
  ofShadow(address: ShadowAddress, payload: Buffer | string): void {
    const { shadows, announcements, counters, log } = this.#options;
    const answer = async () => {
      const outcome = await shadows.handle(address, Buffer.from(payload));
      counters.count('shadow', `${address.verb} ${outcome.status}`);
      await Promise.all(outcome.messages.map((each) => announcements.announce(each.topic, toJson(each.payload))));
    };
    answer().catch((error: unknown) => {
      log.error('A shadow answer could not be published.', { thing: address.thing, error: errorCode(error) });
    });
  }

  /** To this very connection: another one of the same client id may be somebody else's. */
  ofService(client: Client, connection: Connection, call: ServiceCall, { topic, payload }: Publish): void {
    const { services, clients, distribution, counters, log } = this.#options;
    if (!services) {
      clients.closeFor(client, new Refusal('reservedTopic', `Nobody answers on ${topic}: there is no registry.`));
      return;
    }
    const answer = async () => {
      const said = await services.answer(call, topic, Buffer.from(payload), connection);
      counters.count('services', `${call.service} ${call.request.operation} ${said.topic.slice(topic.length + 1)}`);
      if (clients.registered.get(client.id) !== client) return;
      distribution.send(clients.session(client), { topic: said.topic, payload: toJson(said.payload), qos: 0 });
    };
    answer().catch((error: unknown) => {
      log.error('A request could not be answered.', { topic, error: errorCode(error) });
    });
  }
}
