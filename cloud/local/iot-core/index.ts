import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { certificateIdOf } from '#certs/issuing.js';
import type { RuleIngress } from '#rules/engine.js';
import type { Clock } from '#wire/clock.js';
import type { Log } from '#wire/log.js';
import type { Random } from '#wire/random.js';
import type { PublishForRule } from '../rules/republish.js';
import type { SigningKeys } from '../sigv4.js';
import { Authoriser } from './authoriser.js';
import { Broker } from './broker.js';
import { Counters, type IotCoreStats } from './counters.js';
import { CustomAuthorization, type CustomAuthorizer } from './custom-authorizer.js';
import { DataPlane } from './data-plane.js';
import { Retained } from './delivery/retained.js';
import { SessionStore } from './delivery/session-store.js';
import { DEFAULT_DEVIATIONS, type Deviations } from './deviations.js';
import { DeviceHttp } from './device-http.js';
import type { DeviceServices } from './device-services.js';
import { DEFAULT_FAULTS, type Faults, FaultyIngress } from './faults.js';
import { HttpFront, type HttpPlane } from './http-front.js';
import { identityOf } from './identity.js';
import { DEFAULT_LIMITS, type IotCoreLimits } from './limits.js';
import { addressesOf, hasCertificate, Listener, type ListenerOptions } from './listener.js';
import type { Account } from './registry/arns.js';
import type { PrincipalDirectory } from './registry/directory.js';
import { ShadowService } from './shadow/service.js';
import { WebSocketListener } from './websocket.js';

export interface IotCoreOptions {
  /** Folder of what must outlive the process: shadows, retained messages, persistent sessions. */
  dataDir: string;
  tls: ListenerOptions['tls'];
  /** Where MQTT listens. Default 127.0.0.1. The data plane always binds to loopback. */
  host?: string;
  /** 0 = any free one. */
  mqttPort: number;
  /** MQTT over WebSocket, for whoever has the account's keys. Default any free one. */
  webSocketPort?: number;
  /** HTTPS for devices. Default any free one. */
  deviceHttpPort?: number;
  dataPlanePort: number;
  /** Whose resources the policies speak of. Default us-east-1 and an account that nobody has. */
  account?: Account;
  /** Common name of the certificate that may do everything. */
  operatorName: string;
  /** Who may connect and do what. Without it, things have the product's own policies. */
  directory?: PrincipalDirectory;
  /** Names that may connect when there is no directory; undefined: every certificate that the authority signed. */
  things?: ReadonlySet<string>;
  /** Lets clients in that have no certificate: user name and password, or what a WebSocket's request carries. Default nobody. */
  customAuthorizer?: CustomAuthorizer;
  /** Jobs and fleet provisioning; opened and closed by whoever passes them. */
  services?: DeviceServices;
  rules: RuleIngress;
  /** Further APIs on the port of the data plane, told apart by signing name. */
  planes?: readonly HttpPlane[];
  /** Who may call the data plane. */
  credentials: SigningKeys;
  raceClock: Clock;
  wallClock: Clock;
  /** Draws the faults. */
  random: Random;
  log: Log;
  faults?: Partial<Faults>;
  limits?: Partial<IotCoreLimits>;
  deviations?: Partial<Deviations>;
}

export interface IotCore {
  readonly mqttPort: number;
  readonly webSocketPort: number;
  readonly deviceHttpPort: number;
  readonly dataPlanePort: number;
  stats(): IotCoreStats;
  setFaults(faults: Partial<Faults>): void;
  /** Publishes what a service of AWS says on its own reserved topics: rules and subscribers get it. */
  announce(topic: string, payload: Buffer): Promise<void>;
  /** Publishes for a rule (republish). Raises Refusal. */
  publishForRule: PublishForRule;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
/** Who publishes what a rule republishes: on AWS its role. */
const RULES_PRINCIPAL = 'rules';
const DEFAULT_ACCOUNT: Account = { region: 'us-east-1', accountId: '000000000000' };

/**
 * Starts a local AWS IoT Core: broker, shadows, data plane, rules tapped in process. Rejects with Node's error
 * (`EADDRINUSE`) when a port is taken.
 *
 * @example
 * const iot = await startIotCore({ dataDir, tls, mqttPort: 8883, dataPlanePort: 0, operatorName: 'operator', rules, … });
 * iot.stats().refused; // { notAuthorised: 1 }
 */
export async function startIotCore(options: IotCoreOptions): Promise<IotCore> {
  const { raceClock, wallClock, random, log } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const deviations = { ...DEFAULT_DEVIATIONS, ...options.deviations };
  const counters = new Counters();
  const faults = { ...DEFAULT_FAULTS, ...options.faults };
  const rules = new FaultyIngress(options.rules, { faults, random, counters, log });
  const shadows = await ShadowService.open({
    path: join(options.dataDir, 'shadows'),
    raceClock,
    log,
    limits: limits.shadow,
  });
  const retained = await Retained.open({
    path: join(options.dataDir, 'retained'),
    limits,
    raceClock,
    wallClock,
    counters,
    log,
  });
  const sessionStore =
    deviations.sessionStore === 'disk'
      ? await SessionStore.open({ path: join(options.dataDir, 'sessions'), counters, log })
      : undefined;
  const shared = {
    faults,
    random,
    rules,
    shadows,
    retained,
    sessionStore,
    limits,
    deviations,
    raceClock,
    wallClock,
    counters,
    log,
  };
  const { operatorName, things, directory, account = DEFAULT_ACCOUNT, services } = options;
  const authorityId = certificateIdOf(new X509Certificate(readFileSync(options.tls.caPath)).raw);
  const { customAuthorizer } = options;
  const custom = customAuthorizer && new CustomAuthorization(customAuthorizer, log);
  const authoriser = new Authoriser({ account, operatorName, authorityId, things, directory, custom, deviations });
  const broker = await Broker.create({ ...shared, authoriser, services });

  // In the order of starting; closed the other way round, also when a later one cannot start.
  const running: { close(): Promise<void> }[] = [
    shadows,
    retained,
    ...(sessionStore ? [sessionStore] : []),
    rules,
    broker,
  ];
  const close = async () => {
    for (const part of running.splice(0).reverse()) await part.close();
  };
  const { tls, credentials, host = LOOPBACK } = options;
  const onRefused = (error: Error) => {
    counters.count('refused', 'tls');
    log.warn('A TLS handshake failed.', { why: error.message });
  };
  const isRegistered = (certificateId: string) => directory?.find(certificateId) !== undefined;
  try {
    const listener = await Listener.open({
      tls,
      isRegistered,
      onUnregistered: services && ((certificate) => services.meet(certificate)),
      takesLogins: custom !== undefined,
      wallClock,
      host,
      port: options.mqttPort,
      connectionsMax: limits.connections,
      handshakeMs: limits.handshakeMs,
      socketBufferBytes: limits.slowConsumerBytes + 2 * limits.payloadBytes,
      onConnection: (socket) => {
        const addresses = addressesOf(socket);
        if (!custom || hasCertificate(socket)) {
          // Now: a socket that its client has left by CONNECT has no certificate any more.
          const identity = identityOf(socket);
          broker.handle({ stream: socket, identify: () => identity, addresses });
          return;
        }
        const { sourceIp } = addresses;
        const serverName = typeof socket.servername === 'string' ? socket.servername : undefined;
        const visit = custom.visit({ sourceIp, serverName });
        visit.end = broker.handle({ stream: socket, identify: (login) => visit.identify(login), addresses });
        socket.once('close', () => visit.close());
      },
      onRefused,
    });
    running.push(listener);
    const webSocket = await WebSocketListener.open({
      tls,
      host,
      port: options.webSocketPort ?? 0,
      credentials,
      region: deviations.webSocketRegion === 'account' ? account.region : undefined,
      limits,
      wallClock,
      broker,
      custom,
      counters,
      onRefused,
    });
    running.push(webSocket);
    const dataPlane = new DataPlane({ ...shared, accessKeyId: credentials.accessKeyId, broker });
    const http = await HttpFront.open({
      host: LOOPBACK,
      port: options.dataPlanePort,
      credentials,
      planes: [dataPlane, ...(options.planes ?? [])],
      wallClock,
      counters,
      log,
    });
    running.push(http);
    const deviceHttp = await DeviceHttp.open({
      tls,
      isRegistered,
      wallClock,
      host,
      port: options.deviceHttpPort ?? 0,
      authoriser,
      dataPlane,
      jobs: services?.dataPlane,
      limits,
      counters,
      log,
      onRefused,
    });
    running.push(deviceHttp);
    return {
      mqttPort: listener.port,
      webSocketPort: webSocket.port,
      deviceHttpPort: deviceHttp.port,
      dataPlanePort: http.port,
      stats: () => counters.snapshot(),
      setFaults: (changes) => void Object.assign(faults, changes),
      announce: (topic, payload) => broker.announce(topic, payload),
      publishForRule: ({ payload, hops, ...rest }) =>
        broker.publish({ ...rest, payload: Buffer.from(payload), retain: false }, RULES_PRINCIPAL, hops),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
