import { arnOf, nameInArn } from './arns.js';
import { invalidRequest, notFound } from './errors.js';
import { checkName } from './names.js';
import type { CertificateRecord } from './records.js';
import type { RegistryState } from './state.js';

export type ThingPrincipalType = 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';

/** Which certificate speaks for which thing. Principals are ARNs of certificates. Methods raise AwsError. */
export class ThingPrincipals {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** EXCLUSIVE_THING: the one thing of its principal. Once more changes nothing but the type. */
  async attach(thingName: string, principal: string, type: ThingPrincipalType): Promise<void> {
    this.#checkThing(thingName);
    const [id, certificate] = this.#certificate(principal);
    const exclusive = type === 'EXCLUSIVE_THING';
    const others = certificate.things.filter((each) => each.thingName !== thingName);
    if (others.length > 0 && (exclusive || others.some((each) => each.exclusive))) {
      throw invalidRequest(`${principal} is attached to ${others[0].thingName} and can't have an exclusive thing.`);
    }
    this.#state.certificates.put(id, { ...certificate, things: [...others, { thingName, exclusive }] });
    await this.#state.commit([id]);
  }

  async detach(thingName: string, principal: string): Promise<void> {
    this.#checkThing(thingName);
    const [id, certificate] = this.#certificate(principal);
    const things = certificate.things.filter((each) => each.thingName !== thingName);
    if (things.length === certificate.things.length) throw notFound(`An attachment of ${principal} to ${thingName}`);
    this.#state.certificates.put(id, { ...certificate, things });
    await this.#state.commit([id]);
  }

  ofThing(thingName: string): { principal: string; type: ThingPrincipalType }[] {
    this.#checkThing(thingName);
    const { certificatesOfThing, certificates, context } = this.#state;
    return certificatesOfThing.of(thingName).map((id) => ({
      principal: arnOf(context.account, 'cert', id),
      type: typeOf(certificates.get(id)!.things.some((each) => each.thingName === thingName && each.exclusive)),
    }));
  }

  thingsOf(principal: string): { thingName: string; type: ThingPrincipalType }[] {
    const [, { things }] = this.#certificate(principal);
    return things.map(({ thingName, exclusive }) => ({ thingName, type: typeOf(exclusive) }));
  }

  #checkThing(thingName: string): void {
    if (!this.#state.things.has(checkName('thingName', thingName))) throw notFound(`Thing ${thingName}`);
  }

  #certificate(principal: string): [id: string, certificate: CertificateRecord] {
    const id = nameInArn(principal, 'cert');
    if (id === undefined) throw invalidRequest(`${principal} is not the ARN of a certificate.`);
    const certificate = this.#state.certificates.get(id);
    if (!certificate) throw notFound(`Principal ${principal}`);
    return [id, certificate];
  }
}

const typeOf = (exclusive: boolean): ThingPrincipalType => (exclusive ? 'EXCLUSIVE_THING' : 'NON_EXCLUSIVE_THING');
