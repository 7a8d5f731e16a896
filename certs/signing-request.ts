/** A certificate signing request (PKCS #10) for a key that is made here and goes nowhere. */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { KEY_ALGORITHM, keyPem, newKeys } from './issuing.js';

export interface SigningRequest {
  keyPem: string;
  csrPem: string;
}

/** @param commonName what the request asks to be called; whoever signs decides */
export async function makeSigningRequest(commonName: string): Promise<SigningRequest> {
  const keys = await newKeys();
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: KEY_ALGORITHM,
  });
  return { keyPem: await keyPem(keys.privateKey), csrPem: `${request.toString('pem')}\n` };
}
