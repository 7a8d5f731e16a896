import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type Authority, type Identity, openAuthority } from '#certs/authority.js';
import { type IotCore, type IotCoreOptions, startIotCore } from '#cloud/local/iot-core/index.js';
import type { RuleIngress, RuleMessage } from '#rules/engine.js';
import { wallClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';

export const OPERATOR = 'operator';
export const credentials = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
export const NO_FAULTS = { dropAfterAck: 0, duplicate: 0, reorder: 0, deliveryDuplicate: 0, deliveryReorder: 0 };

/** Rules that remember what they got; `gate`, when set, says that their queue is full until it resolves. */
export class RecordingRules implements RuleIngress {
  readonly messages: RuleMessage[] = [];
  /** What the broker itself tells of its clients. */
  readonly events: RuleMessage[] = [];
  gate: ((message: RuleMessage) => Promise<void> | undefined) | undefined;

  ingest(message: RuleMessage): void | Promise<void> {
    if (message.topic.startsWith('$aws/events/')) {
      this.events.push(message);
      return undefined;
    }
    this.messages.push(message);
    return this.gate?.(message);
  }

  texts(): string[] {
    return this.messages.map(({ payload }) => Buffer.from(payload).toString());
  }
}

/** A local IoT Core with an authority of its own in a folder of its own. */
export class Harness {
  readonly dir: string;
  readonly authority: Authority;
  readonly rules = new RecordingRules();
  /** Everything that any of the clients received. */
  readonly received: { client: string; topic: string; text: string }[] = [];
  readonly #clients: MqttClient[] = [];
  iot!: IotCore;

  private constructor(dir: string, authority: Authority) {
    this.dir = dir;
    this.authority = authority;
  }

  static async start(options: Partial<IotCoreOptions> = {}): Promise<Harness> {
    const harness = await Harness.prepare();
    await harness.startIotCore(options);
    return harness;
  }

  /** The folder and the authority; nothing runs yet. */
  static async prepare(): Promise<Harness> {
    const dir = await mkdtemp(join(tmpdir(), 'pitwall-iot-'));
    return new Harness(dir, await openAuthority(join(dir, 'certs'), { now: wallClock }));
  }

  async startIotCore(options: Partial<IotCoreOptions> = {}): Promise<void> {
    this.iot = await startIotCore({
      dataDir: join(this.dir, 'iot'),
      tls: await this.authority.server(),
      mqttPort: 0,
      dataPlanePort: 0,
      operatorName: OPERATOR,
      rules: this.rules,
      credentials,
      raceClock: wallClock,
      wallClock,
      random: seededRandom(1),
      log: silentLog,
      faults: NO_FAULTS,
      ...options,
      // A test's clients come back at once.
      limits: { connectsPerSecondOfClient: 1000, ...options.limits },
      // And is told when it is refused, to tell it from a connection that is lost.
      // Its operator needs no registration.
      deviations: { refusedConnect: 'answer', operatorCertificate: 'trusted', ...options.deviations },
    });
  }

  /** A client that never connects by itself again. Rejects when the broker refuses it. */
  async connect(name: string, options: IClientOptions & { identity?: Identity } = {}): Promise<MqttClient> {
    const { identity = await this.authority.thing(name), ...rest } = options;
    const client = mqtt.connect({
      protocol: 'mqtts',
      host: '127.0.0.1',
      port: this.iot.mqttPort,
      ca: await readFile(this.authority.caPath),
      cert: await readFile(identity.certPath),
      key: await readFile(identity.keyPath),
      clientId: name,
      reconnectPeriod: 0,
      ...rest,
    });
    this.#clients.push(client);
    // What a session was owed comes with the CONNACK: too early for whoever waits for that first.
    client.on('message', (topic, payload) => this.received.push({ client: name, topic, text: payload.toString() }));
    return new Promise((resolve, reject) => {
      client.once('connect', () => resolve(client));
      client.once('error', reject);
      client.once('close', () => reject(new Error('closed')));
      client.on('error', () => {});
    });
  }

  /** A TLS connection with a certificate, or without; what it says is up to the test. Rejects when TLS already refuses. */
  async socket(identity?: Identity): Promise<TLSSocket> {
    const read = async (path: string | undefined) => (path === undefined ? undefined : readFile(path));
    const [ca, cert, key] = await Promise.all([this.authority.caPath, identity?.certPath, identity?.keyPath].map(read));
    const socket = connectTls({ host: '127.0.0.1', port: this.iot.mqttPort, ca, cert, key });
    socket.resume();
    await once(socket, 'secureConnect');
    socket.on('error', () => {});
    return socket;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.end(true);
    await this.iot.close();
    await rm(this.dir, { recursive: true, force: true });
  }
}

/** Collects what a client receives. */
export function inbox(client: MqttClient): { topic: string; text: string; retain: boolean }[] {
  const received: { topic: string; text: string; retain: boolean }[] = [];
  client.on('message', (topic, payload, { retain }) => received.push({ topic, text: payload.toString(), retain }));
  return received;
}

/** Resolves when the broker ends the connection. */
export function closed(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()));
}

/** Waits until something holds; the test's own time-out bounds it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Makes a client stop reading, without a word to the broker. */
export function freeze(client: MqttClient): void {
  client.stream.pause();
  (client.stream as unknown as { _handle?: { readStop(): void } })._handle?.readStop();
}
