import type { MqttProperties } from './sql/evaluation.js';

/** A message that was published, as the broker hands it to the rules. */
export interface RuleMessage extends MqttProperties {
  topic: string;
  payload: Uint8Array;
  /** Empty when it was not published by MQTT. */
  clientId: string;
  principal: string;
  /** When the broker took it, on the race clock: what `timestamp()` gives. */
  timestampMs: number;
  /** Basic Ingest: this rule and no other, whatever its FROM says; `topic` is without the prefix. */
  rule?: string;
  sourceIp?: string;
  /** Absent: drawn when a rule asks for it. */
  traceId?: string;
  /**
   * How many rules have republished it. Such a message never waits for room: what would make it are the messages that
   * republish, so it is refused (`PW-RULE-OVERLOAD`, retriable) and tried again.
   */
  hops?: number;
}

/** Where a broker hands over what was published. */
export interface RuleIngress {
  /**
   * Takes a message. A promise means that the rules' queue is full: withhold the PUBACK until it resolves. It rejects
   * (`PW-RULE-OVERLOAD`, `PW-RULE-CLOSED`) when the message was not taken: never acknowledge it then.
   */
  ingest(message: RuleMessage): void | Promise<void>;
}
