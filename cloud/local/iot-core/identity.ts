import type { TLSSocket } from 'node:tls';
import { certificateFacts, certificateId } from '#certs/policy/certificate.js';
import type { CertificateFacts } from '#certs/policy/context.js';

/**
 * Who a connection is: what its certificate, its signature or a custom authorizer says, nothing else. User names beside a
 * certificate are not looked at: the SDK sends metrics there.
 */
export interface Identity {
  /** The one common name of the certificate: the thing, or the operator. Of a signature the access key's id. */
  name: string | undefined;
  /**
   * SHA-256 of the certificate's DER, 64 hex digits: AWS's certificate id. Of a signature the access key's id, of a custom
   * authorizer its principalId.
   */
  principal: string;
  sourceIp: string | undefined;
  /** By SigV4, with the account's own keys. */
  signed: boolean;
  /** What policies may ask about the certificate, and the id of the authority's certificate that signed it. */
  certificate?: CertificateFacts;
  authorityId?: string;
  /** Of a client that a custom authorizer let in: it has the policies that came with the answer, and no others. */
  grant?: CustomGrant;
}

/** The policies that a custom authorizer's answer brought; a refresh replaces them. */
export interface CustomGrant {
  policies: readonly string[];
}

/** What a CONNECT carries to prove who sends it. */
export interface Login {
  clientId: string;
  username: string | undefined;
  password: Buffer | undefined;
}

/** Identity of a socket whose certificate TLS has verified. */
export function identityOf(socket: TLSSocket): Identity {
  const peer = socket.getPeerCertificate(true);
  const { CN: name } = (peer.subject ?? {}) as { CN?: string | string[] };
  return {
    name: typeof name === 'string' ? name : undefined,
    principal: certificateId(peer),
    sourceIp: socket.remoteAddress,
    signed: false,
    certificate: certificateFacts(peer),
    authorityId: peer.issuerCertificate && certificateId(peer.issuerCertificate),
  };
}
