import type { PeerCertificate } from 'node:tls';
import type { CertificateFacts, NameAttributes } from './context.js';
import type { CertificateAttribute } from './keys.js';

/** Short names of X.520 attributes as OpenSSL has them → as policies do. */
const NAME_ATTRIBUTES: Record<string, CertificateAttribute> = {
  dnQualifier: 'DistinguishedNameQualifier',
  C: 'Country',
  O: 'Organization',
  OU: 'OrganizationalUnit',
  ST: 'State',
  CN: 'CommonName',
  serialNumber: 'SerialNumber',
  title: 'Title',
  SN: 'Surname',
  GN: 'GivenName',
  initials: 'Initials',
  pseudonym: 'Pseudonym',
  generationQualifier: 'GenerationQualifier',
};

/** Prefixes of Node's `subjectaltname` → as policies have them. */
const ALTERNATIVE_NAMES: Record<string, CertificateAttribute> = {
  email: 'AlternativeName.RFC822Name',
  DNS: 'AlternativeName.DNSName',
  DirName: 'AlternativeName.DirectoryName',
  URI: 'AlternativeName.UniformResourceIdentifier',
  'IP Address': 'AlternativeName.IPAddress',
};

/** Prefix, colon, and a value: in double quotes as JSON when it has a comma or a quote in it. */
const ALTERNATIVE_NAME = /([^:,]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g;
/** AWS IoT puts a backslash before these, "X.509 certificate policy variable limitations". */
const SPECIAL = /[,"\\+=<>;]/g;

/** AWS's certificate id: SHA-256 of the DER, 64 hex digits. */
export function certificateId(peer: PeerCertificate): string {
  return peer.fingerprint256.replaceAll(':', '').toLowerCase();
}

/** What policies may ask about a certificate that TLS has verified. Alternative names of its issuer are not read. */
export function certificateFacts(peer: PeerCertificate): CertificateFacts {
  return {
    id: certificateId(peer),
    // The guide has it as a decimal number.
    serialNumber: BigInt(`0x${peer.serialNumber}`).toString(),
    subject: { ...namesOf(peer.subject), ...alternativeNames(peer.subjectaltname) },
    issuer: namesOf(peer.issuer),
  };
}

function namesOf(name: PeerCertificate['subject']): NameAttributes {
  const values = Object.entries(name as Record<string, string | string[]>);
  return Object.fromEntries(
    values.flatMap(([short, value]) => {
      const attribute = Object.hasOwn(NAME_ATTRIBUTES, short) ? NAME_ATTRIBUTES[short] : undefined;
      return attribute ? [[attribute, [value].flat().map(escaped)]] : [];
    }),
  );
}

function alternativeNames(text: string | undefined): NameAttributes {
  const names: Partial<Record<CertificateAttribute, string[]>> = {};
  for (const [, prefix, value] of (text ?? '').matchAll(ALTERNATIVE_NAME)) {
    const attribute = Object.hasOwn(ALTERNATIVE_NAMES, prefix) ? ALTERNATIVE_NAMES[prefix] : undefined;
    if (!attribute) continue;
    const plain = value.startsWith('"') ? (JSON.parse(value) as string) : value;
    names[attribute] = [...(names[attribute] ?? []), escaped(plain)];
  }
  return names;
}

function escaped(value: string): string {
  return value.replace(SPECIAL, '\\$&');
}
