import type { PeerCertificate } from 'node:tls';
import { expect, it } from 'vitest';
import { certificateFacts } from '#certs/policy/certificate.js';

/** As Node's TLS gives it; the fields that are read. */
const peer = {
  fingerprint256: 'AB:CD:0F',
  serialNumber: '921285CBB7A5E086',
  subject: { CN: ['car-24', 'pit'], O: 'Example, Inc.', L: 'Daytona', GN: 'Kit' },
  issuer: { CN: 'Team Root CA', C: 'US' },
  subjectaltname: 'DNS:car.local, DNS:24.local, IP Address:10.0.0.24, URI:"urn:a,b", email:car@example.com',
} as unknown as PeerCertificate;

it('a certificate’s names are told in the words of policies', () => {
  expect(certificateFacts(peer)).toEqual({
    id: 'abcd0f',
    serialNumber: '10525622389124227206',
    subject: {
      CommonName: ['car-24', 'pit'],
      Organization: ['Example\\, Inc.'],
      GivenName: ['Kit'],
      'AlternativeName.DNSName': ['car.local', '24.local'],
      'AlternativeName.IPAddress': ['10.0.0.24'],
      'AlternativeName.UniformResourceIdentifier': ['urn:a\\,b'],
      'AlternativeName.RFC822Name': ['car@example.com'],
    },
    issuer: { CommonName: ['Team Root CA'], Country: ['US'] },
  });
});

it('a strange certificate is told of as far as it can be', () => {
  const strange = {
    fingerprint256: 'AB',
    serialNumber: '-01',
    subject: undefined,
    issuer: { CN: 'x', constructor: 'y' },
    subjectaltname: 'DNS:"bad \\x quote", othername:<unsupported>, nonsense',
  } as unknown as PeerCertificate;
  expect(certificateFacts(strange)).toEqual({
    id: 'ab',
    serialNumber: undefined,
    subject: { 'AlternativeName.DNSName': ['\\"bad \\\\x quote\\"'] },
    issuer: { CommonName: ['x'] },
  });
});
