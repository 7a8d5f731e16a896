import { IoTClient } from '@aws-sdk/client-iot';
import { ControlPlane } from '#cloud/local/iot-core/control-plane/control-plane.js';
import { destinationOperations } from '#cloud/local/iot-core/control-plane/operations/destinations.js';
import { registryOperations } from '#cloud/local/iot-core/control-plane/operations/index.js';
import { topicRuleOperations } from '#cloud/local/iot-core/control-plane/operations/topic-rules.js';
import { Counters } from '#cloud/local/iot-core/counters.js';
import { HttpFront } from '#cloud/local/iot-core/http-front.js';
import { TopicRuleDestinations } from '#cloud/local/iot-core/topic-rules/destinations.js';
import { TopicRules } from '#cloud/local/iot-core/topic-rules/service.js';
import { httpSenders } from '#cloud/local/rules/http.js';
import { streams, tables } from '#cloud/resources.js';
import type { HttpRequest, SendResult } from '#rules/actions/senders.js';
import { catalog } from '#rules/catalog.js';
import { RuleEngine } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { RecordingSenders, RecordingSink } from '../../../../rules/helpers.js';
import { RegistryFolder } from '../registry/helpers.js';

const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };

/** The control plane over a registry of its own, and the SDK's client as it is. */
export class ControlPlaneHarness {
  readonly folder: RegistryFolder;
  readonly client: IoTClient;
  /** Runs the topic rules; what they send is kept. */
  readonly rules: RuleEngine;
  readonly senders: RecordingSenders;
  /** What was POSTed to web services, questions and messages. */
  readonly posts: HttpRequest[];
  /** What they answer. */
  answer: SendResult = {};
  readonly #front: HttpFront;

  private constructor(
    folder: RegistryFolder,
    front: HttpFront,
    rules: RuleEngine,
    senders: RecordingSenders,
    posts: HttpRequest[],
  ) {
    this.posts = posts;
    this.folder = folder;
    this.rules = rules;
    this.senders = senders;
    this.#front = front;
    this.client = this.clientWith(credentials.secretAccessKey);
  }

  static async start(): Promise<ControlPlaneHarness> {
    const folder = await RegistryFolder.open();
    const endpoints = { data: 'localhost:8883', http: 'localhost:8443' };
    const senders = new RecordingSenders();
    const posts: HttpRequest[] = [];
    const post = async (request: HttpRequest) => {
      posts.push(request);
      return harness.answer;
    };
    const rules = new RuleEngine({
      catalog,
      senders: { ...senders.all(), ...httpSenders({ post, isEnabled: (url) => destinations.isEnabled(url) }) },
      outbox: new RecordingSink(),
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      limits: { lingerMs: 0 },
    });
    const { state } = folder.registry;
    const targets = { streams, tables, bucket: 'pitwall-archive' };
    const enableUrl = () => `http://127.0.0.1:${front.port}/confirmdestination/`;
    const destinations = new TopicRuleDestinations({ state, post, enableUrl, log: silentLog });
    const topicRules = await TopicRules.open({ state, rules, targets, destinations, log: silentLog });
    const front: HttpFront = await HttpFront.open({
      host: '127.0.0.1',
      port: 0,
      credentials,
      planes: [
        new ControlPlane([
          ...registryOperations(folder.registry, () => endpoints),
          ...topicRuleOperations(topicRules, state),
          ...destinationOperations(destinations),
        ]),
      ],
      wallClock,
      counters: new Counters(),
      log: silentLog,
    });
    const harness = new ControlPlaneHarness(folder, front, rules, senders, posts);
    return harness;
  }

  clientWith(secretAccessKey: string): IoTClient {
    return new IoTClient({
      endpoint: `http://127.0.0.1:${this.#front.port}`,
      region: 'eu-west-1',
      credentials: { ...credentials, secretAccessKey },
      maxAttempts: 1,
    });
  }

  async stop(): Promise<void> {
    this.client.destroy();
    await this.#front.close();
    await this.rules.close();
    await this.folder.remove();
  }
}
