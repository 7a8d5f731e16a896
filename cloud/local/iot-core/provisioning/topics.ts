/**
 * The topics of fleet provisioning. A device with a claim certificate publishes to
 *
 *     $aws/certificates/create/json                             a key pair and its certificate
 *     $aws/certificates/create-from-csr/json                    a certificate for a key that stays in the device
 *     $aws/provisioning-templates/{template}/provision/json     a thing for that certificate
 *
 * and is answered on `…/accepted` or `…/rejected` below that. In the place of `json` AWS also takes `cbor`.
 */
export type ProvisioningRequest =
  | { operation: 'createWithKeys' }
  | { operation: 'createFromCsr' }
  | { operation: 'provision'; template: string };

const CREATE = '$aws/certificates/create/json';
const CREATE_FROM_CSR = '$aws/certificates/create-from-csr/json';
const PROVISION = /^\$aws\/provisioning-templates\/([0-9A-Za-z_-]{1,36})\/provision\/json$/;
const CBOR = /^\$aws\/(?:certificates\/create(?:-from-csr)?|provisioning-templates\/[^/]+\/provision)\/cbor$/;

/** The request that a publish to this topic is, or undefined when it is none. */
export function parseProvisioningTopic(topic: string): ProvisioningRequest | undefined {
  if (topic === CREATE) return { operation: 'createWithKeys' };
  if (topic === CREATE_FROM_CSR) return { operation: 'createFromCsr' };
  const template = PROVISION.exec(topic)?.[1];
  return template === undefined ? undefined : { operation: 'provision', template };
}

/** A request in the form that is not served here. */
export const isCborRequest = (topic: string): boolean => CBOR.test(topic);
