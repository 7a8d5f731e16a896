import type { CertificateAttribute, Holder, Key } from './keys.js';
import { CERTIFICATE_ATTRIBUTES } from './keys.js';

/** What a certificate says about itself; several values where the name has several. */
export type NameAttributes = Readonly<Partial<Record<CertificateAttribute, readonly string[]>>>;

export interface CertificateFacts {
  /** SHA-256 of the DER certificate, 64 hex digits. */
  id: string;
  serialNumber?: string;
  subject: NameAttributes;
  issuer: NameAttributes;
}

/** A thing that the certificate is attached to. */
export interface ThingFacts {
  thingName: string;
  thingTypeName?: string;
  attributes: Readonly<Record<string, string>>;
  /** EXCLUSIVE_THING: the one thing of this certificate, whatever the client id. */
  exclusive: boolean;
}

/** Features of a CONNECT that a policy may ask about. */
export type ConnectAttribute = 'PersistentConnect' | 'LastWill';

/** One connection, or one HTTP request, as policies see it. */
export interface PolicyContext {
  protocol: 'mqtt' | 'http';
  /** Unknown over HTTP. */
  clientId?: string;
  sourceIp?: string;
  certificate?: CertificateFacts;
  /** Things that the certificate is attached to. */
  things: readonly ThingFacts[];
  /** Asked by iot:Connect alone. */
  connectAttributes: readonly ConnectAttribute[];
  /** ARN of the will's topic, when there is a will. Asked by iot:Connect alone. */
  lastWillTopic?: string;
}

/** Further values of a certificate attribute are ignored, longer ones and those with a wildcard are not substituted (AWS guide). */
const CERTIFICATE_VALUES_MAX = 5;
const CERTIFICATE_VALUE_CHARS_MAX = 1024;
const WILDCARD = /[*$+?#]/;

/** The values of keys and variables in one context. */
export class Variables {
  readonly #context: PolicyContext;
  readonly #isConnect: boolean;
  readonly #thing: ThingFacts | undefined;

  constructor(context: PolicyContext, options: { isConnect: boolean }) {
    this.#context = context;
    this.#isConnect = options.isConnect;
    this.#thing = connectedThing(context);
  }

  /** Undefined: the key is not there. */
  valuesOf(key: Key): readonly string[] | undefined {
    const { protocol, clientId, sourceIp, certificate, connectAttributes, lastWillTopic } = this.#context;
    switch (key.kind) {
      case 'clientId':
        return protocol === 'mqtt' ? optional(clientId) : undefined;
      case 'sourceIp':
        return optional(sourceIp);
      case 'certificateId':
        return optional(certificate?.id);
      case 'serialNumber':
        return optional(certificate?.serialNumber);
      case 'availableKeys':
        return certificate && availableKeys(certificate);
      case 'certificate':
        return certificate && pickOf(certificate[key.holder][key.attribute as CertificateAttribute], key.pick);
      case 'thingName':
        return optional(this.#thing?.thingName);
      case 'thingTypeName':
        return optional(this.#thing?.thingTypeName);
      case 'thingAttribute':
        return this.#thing && Object.hasOwn(this.#thing.attributes, key.name)
          ? [this.#thing.attributes[key.name]]
          : undefined;
      case 'isAttached':
        return protocol === 'mqtt' ? [String(this.#thing !== undefined)] : undefined;
      case 'connectAttributes':
        return this.#isConnect ? connectAttributes : undefined;
      case 'lastWillTopic':
        return this.#isConnect ? optional(lastWillTopic) : undefined;
    }
  }

  /** What stands in place of `${key}`; undefined: the variable does not resolve. */
  textOf(key: Key): string | undefined {
    const values = this.valuesOf(key);
    // A list is no text.
    if (values?.length !== 1 || (key.kind === 'certificate' && key.pick === 'list')) return undefined;
    const [value] = values;
    if (key.kind === 'certificate' && (value.length > CERTIFICATE_VALUE_CHARS_MAX || WILDCARD.test(value))) {
      return undefined;
    }
    return value;
  }
}

/** The thing that the connection is: attached exclusively, or attached and named by the client id. None over HTTP. */
function connectedThing({ protocol, clientId, things }: PolicyContext): ThingFacts | undefined {
  if (protocol !== 'mqtt') return undefined;
  return things.find((thing) => thing.exclusive) ?? things.find((thing) => thing.thingName === clientId);
}

function pickOf(values: readonly string[] | undefined, pick: number | 'list'): readonly string[] | undefined {
  const kept = values?.slice(0, CERTIFICATE_VALUES_MAX);
  if (!kept || kept.length === 0) return undefined;
  if (pick === 'list') return kept;
  return pick < kept.length ? [kept[pick]] : undefined;
}

/** Names of all certificate variables that have a value. */
function availableKeys(certificate: CertificateFacts): readonly string[] {
  const named = (holder: Holder, title: string) =>
    CERTIFICATE_ATTRIBUTES.filter((attribute) => (certificate[holder][attribute]?.length ?? 0) > 0).map(
      (attribute) => `iot:Certificate.${title}.${attribute}`,
    );
  const serial = certificate.serialNumber === undefined ? [] : ['iot:Certificate.SerialNumber'];
  return [...named('issuer', 'Issuer'), ...named('subject', 'Subject'), ...serial];
}

function optional(value: string | undefined): readonly string[] | undefined {
  return value === undefined ? undefined : [value];
}
