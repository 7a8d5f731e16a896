/** What the local IoT Core counts. Grows only; `connections` alone goes up and down. */
export interface IotCoreStats {
  connections: number;
  connects: number;
  /** Publishes taken from clients and over HTTP, and messages given to subscribers. */
  publishesIn: number;
  publishesOut: number;
  /** QoS 1 publishes acknowledged. */
  acked: number;
  basicIngest: number;
  /** Publishes that waited for the rate limit, and those let through because it took too long. */
  throttled: number;
  throttleOverruns: number;
  /** QoS 0 publishes above the rate that went nowhere. */
  discarded: number;
  /** Publishes that waited for room in the rules' queue. */
  rulesWaits: number;
  /** Read, but their connection ended before their turn: never acknowledged. */
  abandoned: number;
  /** QoS 0 messages not given to a subscriber that does not read. */
  shed: number;
  /** Faults made on purpose, on the way to the rules. */
  duplicated: number;
  reordered: number;
  droppedAfterAck: number;
  /** And on the way to subscribers. */
  deliveriesDuplicated: number;
  deliveriesReordered: number;
  /** Shadow requests answered, by verb and outcome. */
  shadow: Record<string, number>;
  /** Requests to jobs and provisioning, by operation and outcome. */
  services: Record<string, number>;
  /** Refusals by reason. */
  refused: Record<string, number>;
  /** Messages that a subscriber does not get, by reason. */
  deliveryDrops: Record<string, number>;
  /** Sessions dropped, and messages not retained, by reason. */
  sessionDrops: Record<string, number>;
  /** Connections that ended, by AWS's reason. */
  disconnects: Record<string, number>;
}

type Tally = { [K in keyof IotCoreStats]: IotCoreStats[K] extends number ? never : K }[keyof IotCoreStats];

export class Counters {
  readonly stats: IotCoreStats = {
    connections: 0,
    connects: 0,
    publishesIn: 0,
    publishesOut: 0,
    acked: 0,
    basicIngest: 0,
    throttled: 0,
    throttleOverruns: 0,
    discarded: 0,
    rulesWaits: 0,
    abandoned: 0,
    shed: 0,
    duplicated: 0,
    reordered: 0,
    droppedAfterAck: 0,
    deliveriesDuplicated: 0,
    deliveriesReordered: 0,
    shadow: {},
    services: {},
    refused: {},
    deliveryDrops: {},
    sessionDrops: {},
    disconnects: {},
  };

  count(tally: Tally, name: string): void {
    const counts = this.stats[tally];
    counts[name] = (counts[name] ?? 0) + 1;
  }

  /** A copy that no longer changes. */
  snapshot(): IotCoreStats {
    return structuredClone(this.stats);
  }
}
