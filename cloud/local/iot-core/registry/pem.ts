import { createHash, X509Certificate } from 'node:crypto';
import { certificateValidation } from './errors.js';

export interface ReadCertificate {
  x509: X509Certificate;
  /** SHA-256 of the DER form, 64 hex digits. */
  id: string;
  notBeforeMs: number;
  notAfterMs: number;
}

/** Reads one certificate in PEM. Raises CertificateValidationException. */
export function readCertificate(pem: string): ReadCertificate {
  let x509: X509Certificate;
  try {
    x509 = new X509Certificate(pem);
  } catch {
    throw certificateValidation('The certificate is not X.509 in PEM.');
  }
  return {
    x509,
    id: createHash('sha256').update(x509.raw).digest('hex'),
    notBeforeMs: Date.parse(x509.validFrom),
    notAfterMs: Date.parse(x509.validTo),
  };
}

export const isSignedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

/** Common name of the subject; undefined when there is none, or several. */
export function commonName({ subject }: X509Certificate): string | undefined {
  const names = (subject ?? '').split('\n').filter((line) => line.startsWith('CN='));
  return names.length === 1 ? names[0].slice('CN='.length) : undefined;
}
