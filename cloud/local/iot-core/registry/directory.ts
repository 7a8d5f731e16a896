/**
 * What the broker asks of the registry when somebody connects: who is this certificate, and what may it do. Read at
 * CONNECT, and again for open connections when the registry says that something about a principal changed.
 */

/** https://docs.aws.amazon.com/iot/latest/apireference: CertificateStatus. Only ACTIVE connects. */
export type CertificateStatus =
  | 'ACTIVE'
  | 'INACTIVE'
  | 'REVOKED'
  | 'PENDING_TRANSFER'
  | 'REGISTER_INACTIVE'
  | 'PENDING_ACTIVATION';

/** A thing that a principal is attached to; its attributes feed policy variables. */
export interface AttachedThing {
  thingName: string;
  thingTypeName?: string;
  attributes: Readonly<Record<string, string>>;
  /** EXCLUSIVE_THING: the one thing of this certificate, whatever the client id. */
  exclusive: boolean;
}

export interface Principal {
  /** SHA-256 of the DER certificate, 64 hex digits. */
  certificateId: string;
  status: CertificateStatus;
  /** Default versions of all policies attached to the certificate and to the groups of its things, as JSON documents. */
  policies: readonly string[];
  things: readonly AttachedThing[];
}

export interface PrincipalDirectory {
  /** Undefined: the certificate was never registered. */
  find(certificateId: string): Principal | undefined;
  /** Called with the ids of principals whose status, policies or things changed; returns how to stop listening. */
  onChange(listener: (certificateIds: readonly string[]) => void): () => void;
}
