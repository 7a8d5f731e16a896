/** Where the local IoT Core may be other than AWS, each by its name; it is not unless somebody chooses so. */
export interface Deviation<Aws extends string, Other extends string> {
  /** What AWS does, and what else can be had. */
  aws: Aws;
  other: Other;
  meaning: string;
}

const deviation = <A extends string, B extends string>(aws: A, other: B, meaning: string): Deviation<A, B> => ({
  aws,
  other,
  meaning,
});

export const DEVIATIONS = {
  refusedConnect: deviation(
    'close',
    'answer',
    'A CONNECT that is refused: the connection ends without a word, or after a CONNACK that says why (2 for its client id, 3 when it comes too often, else 5).',
  ),
  refusedSubscription: deviation(
    'close',
    'answer',
    'A SUBSCRIBE without the right to it: the end of the connection, or a SUBACK that says so (0x80).',
  ),
  // Safe for agents: what must not be lost they publish at QoS 1, and their health at QoS 0 comes again.
  qos0OverRate: deviation(
    'discard',
    'delay',
    'A QoS 0 publish above a rate: dropped and counted, or held back as QoS 1 is.',
  ),
  mqtt31: deviation('refuse', 'accept', 'MQTT 3.1, the version before 3.1.1.'),
  sessionStore: deviation('disk', 'memory', 'Persistent sessions outlive the broker, or end with it.'),
  webSocketRegion: deviation('account', 'any', 'Region that the signature of a WebSocket must name.'),
  operatorCertificate: deviation(
    'registered',
    'trusted',
    'The operator’s certificate: as any other, or with an operator’s rights while it is not registered.',
  ),
};

export type Deviations = {
  [K in keyof typeof DEVIATIONS]: (typeof DEVIATIONS)[K]['aws'] | (typeof DEVIATIONS)[K]['other'];
};

export const DEFAULT_DEVIATIONS: Deviations = Object.fromEntries(
  Object.entries(DEVIATIONS).map(([name, { aws }]) => [name, aws]),
) as Deviations;
