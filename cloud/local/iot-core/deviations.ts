/** Where the local IoT Core may be other than AWS, each by its name; what cannot be chosen is in the README. */
export interface Deviations {
  /** A QoS 0 publish above the connection's or the account's rate: dropped and counted, as in AWS, or held back as QoS 1 is. */
  qos0OverRate: 'discard' | 'delay';
  /** A SUBSCRIBE without the right to it: the end of the connection, as in AWS, or a SUBACK that says so (0x80). */
  refusedSubscription: 'close' | 'answer';
  /** Region that the signature of a WebSocket must name: the account's, as in AWS, or any. */
  webSocketRegion: 'account' | 'any';
}

/**
 * AWS's ways, but for the region: the local account has none of its own, and people sign for the one that they use.
 * `discard` is safe for agents: what must not be lost they publish at QoS 1, and their health at QoS 0 comes again.
 */
export const DEFAULT_DEVIATIONS: Deviations = {
  qos0OverRate: 'discard',
  refusedSubscription: 'close',
  webSocketRegion: 'any',
};
