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
    serialNumber: decimal(peer.serialNumber),
    subject: { ...namesOf(peer.subject), ...alternativeNames(peer.subjectaltname) },
    issuer: namesOf(peer.issuer),
  };
}

/** As the guide has it. Undefined for a negative one, which RFC 5280 forbids. */
function decimal(hex: string): string | undefined {
  return /^[0-9a-f]+$/i.test(hex) ? BigInt(`0x${hex}`).toString() : undefined;
}

/** A name without attributes is not there at all. */
function namesOf(name: PeerCertificate['subject'] | undefined): NameAttributes {
  const values = Object.entries((name ?? {}) as Record<string, string | string[]>);
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
    names[attribute] = [...(names[attribute] ?? []), escaped(unquoted(value))];
  }
  return names;
}

/** Whoever wrote the certificate is not trusted with the quotes. */
function unquoted(value: string): string {
  if (!value.startsWith('"')) return value;
  try {
    return JSON.parse(value) as string;
  } catch {
    return value;
  }
}

function escaped(value: string): string {
  return value.replace(SPECIAL, '\\$&');
}
