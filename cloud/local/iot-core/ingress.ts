/** A message as the rules get it. */
export interface RuleMessage {
  /** As SQL sees it: the Basic Ingest prefix is gone. */
  topic: string;
  payload: Uint8Array;
  /** Empty over HTTP. */
  clientId: string;
  /** Certificate id (SHA-256 of its DER, hex), or access key id over HTTP. */
  principal: string;
  /** Race time of arrival. */
  timestampMs: number;
  /** Basic Ingest: this rule and no other. */
  rule?: string;
}

/** Where messages enter the rules. */
export interface RuleIngress {
  /** A promise only when the queue is full: it resolves when there is room, and the PUBACK waits for it. */
  ingest(message: RuleMessage): void | Promise<void>;
}
