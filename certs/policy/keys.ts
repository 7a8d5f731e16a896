/**
 * What a policy may ask about a connection: the same names serve as `${variable}` and as condition key. Names are not case
 * sensitive, those of a thing's attributes are.
 * https://docs.aws.amazon.com/iot/latest/developerguide/iot-policy-variables.html
 */

export type Holder = 'subject' | 'issuer';

export type Key =
  | { readonly kind: SimpleKind }
  /** `pick`: one value by its place from 0, or all of them. */
  | {
      readonly kind: 'certificate';
      readonly holder: Holder;
      readonly attribute: string;
      readonly pick: number | 'list';
    }
  | { readonly kind: 'thingAttribute'; readonly name: string };

type SimpleKind = (typeof SIMPLE_KEYS)[keyof typeof SIMPLE_KEYS];

const SIMPLE_KEYS = {
  'iot:clientid': 'clientId',
  'aws:sourceip': 'sourceIp',
  'iot:certificateid': 'certificateId',
  'iot:certificate.serialnumber': 'serialNumber',
  'iot:certificate.availablekeys': 'availableKeys',
  'iot:connection.thing.thingname': 'thingName',
  'iot:connection.thing.thingtypename': 'thingTypeName',
  'iot:connection.thing.isattached': 'isAttached',
  'iot:connectattributes': 'connectAttributes',
  'iot:lastwilltopic': 'lastWillTopic',
} as const;

/** Of a distinguished name (RFC 5280, 4.1.2.4) and of its alternative names (4.2.1.6), in the spelling of the AWS guide. */
export const CERTIFICATE_ATTRIBUTES = [
  'DistinguishedNameQualifier',
  'Country',
  'Organization',
  'OrganizationalUnit',
  'State',
  'CommonName',
  'SerialNumber',
  'Title',
  'Surname',
  'GivenName',
  'Initials',
  'Pseudonym',
  'GenerationQualifier',
  'AlternativeName.RFC822Name',
  'AlternativeName.DNSName',
  'AlternativeName.DirectoryName',
  'AlternativeName.UniformResourceIdentifier',
  'AlternativeName.IPAddress',
] as const;

export type CertificateAttribute = (typeof CERTIFICATE_ATTRIBUTES)[number];

const SPELLING = new Map<string, CertificateAttribute>(
  CERTIFICATE_ATTRIBUTES.map((attribute) => [attribute.toLowerCase(), attribute]),
);
const THING_ATTRIBUTE = /^iot:connection\.thing\.attributes\[([^\]]+)\]$/i;
const CERTIFICATE = /^iot:certificate\.(subject|issuer)\.(.+?)(?:\.(\d{1,3}|list))?$/i;

/** Undefined for a name that AWS IoT does not have. */
export function parseKey(name: string): Key | undefined {
  const lowered = name.toLowerCase();
  if (Object.hasOwn(SIMPLE_KEYS, lowered)) return { kind: SIMPLE_KEYS[lowered as keyof typeof SIMPLE_KEYS] };
  const thing = THING_ATTRIBUTE.exec(name);
  if (thing) return { kind: 'thingAttribute', name: thing[1] };
  const certificate = CERTIFICATE.exec(lowered);
  const attribute = certificate && SPELLING.get(certificate[2]);
  if (!attribute) return undefined;
  const [, holder, , place] = certificate;
  return {
    kind: 'certificate',
    holder: holder as Holder,
    attribute,
    pick: place === 'list' ? 'list' : Number(place ?? 0),
  };
}

/** Known only when certificate, thing and client id belong together. */
export function isThingKey(key: Key): boolean {
  return key.kind.startsWith('thing') || key.kind === 'isAttached';
}
