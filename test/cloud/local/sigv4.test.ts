import { describe, expect, it } from 'vitest';
import { type SignedRequest, verifySigV4 } from '#cloud/local/sigv4.js';

/** AWS's published examples: the signing test suite (`get-vanilla`) and the IAM walk-through of the General Reference. */
const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const signedAtMs = Date.UTC(2015, 7, 30, 12, 36, 0);
const empty = new Uint8Array();

const vanilla = (signature: string): SignedRequest => ({
  method: 'GET',
  url: '/',
  headers: {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization: `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature=${signature}`,
  },
});
const GOOD = '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
const verify = (request: SignedRequest, nowMs = signedAtMs, body = empty) =>
  verifySigV4(request, body, keys, 'service', nowMs);
const codeOf = (result: ReturnType<typeof verify>) => (result.ok ? 'ok' : result.code);

describe('signature version 4', () => {
  it('takes the published signature of the empty request', () => {
    expect(verify(vanilla(GOOD))).toEqual({ ok: true });
  });

  it('takes the published signature of a request with a query and a content type', () => {
    const request: SignedRequest = {
      method: 'GET',
      url: '/?Version=2010-05-08&Action=ListUsers',
      headers: {
        host: 'iam.amazonaws.com',
        'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
        'x-amz-date': '20150830T123600Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      },
    };
    expect(verifySigV4(request, empty, keys, ['iam', 'sts'], signedAtMs, 'us-east-1')).toEqual({ ok: true });
    expect(codeOf(verifySigV4(request, empty, keys, 'iam', signedAtMs, 'eu-west-1'))).toBe('InvalidSignatureException');
    expect(codeOf(verifySigV4(request, empty, keys, 'kinesis', signedAtMs))).toBe('InvalidSignatureException');
  });

  it('reads the host of an HTTP/2 request from :authority', () => {
    const { headers } = vanilla(GOOD);
    const { host, ...rest } = headers;
    expect(verify({ method: 'GET', url: '/', headers: { ...rest, ':authority': host } })).toEqual({ ok: true });
  });

  it.each([
    ['a byte of the body', 'InvalidSignatureException', vanilla(GOOD), signedAtMs, new Uint8Array([1])],
    ['the method', 'InvalidSignatureException', { ...vanilla(GOOD), method: 'POST' }, signedAtMs, empty],
    ['the path', 'InvalidSignatureException', { ...vanilla(GOOD), url: '/other' }, signedAtMs, empty],
    ['a query', 'InvalidSignatureException', { ...vanilla(GOOD), url: '/?a=b' }, signedAtMs, empty],
    ['the signature', 'InvalidSignatureException', vanilla(GOOD.replace('5', '6')), signedAtMs, empty],
    ['the clock, a second past 15 minutes', 'InvalidSignatureException', vanilla(GOOD), signedAtMs + 901_000, empty],
    ['the clock, a second before 15 minutes', 'InvalidSignatureException', vanilla(GOOD), signedAtMs - 901_000, empty],
  ])('refuses a change of %s', (_what, code, request, nowMs, body) => {
    expect(codeOf(verify(request, nowMs, body))).toBe(code);
  });

  it('tells what is missing', () => {
    const { headers } = vanilla(GOOD);
    expect(codeOf(verify({ method: 'GET', url: '/', headers: {} }))).toBe('MissingAuthenticationTokenException');
    expect(codeOf(verify({ method: 'GET', url: '/', headers: { ...headers, authorization: 'Bearer x' } }))).toBe(
      'IncompleteSignatureException',
    );
    expect(codeOf(verify({ method: 'GET', url: '/', headers: { ...headers, 'x-amz-date': 'today' } }))).toBe(
      'IncompleteSignatureException',
    );
    const stranger = { accessKeyId: 'AKIDOTHER', secretAccessKey: keys.secretAccessKey };
    expect(codeOf(verifySigV4(vanilla(GOOD), empty, stranger, 'service', signedAtMs))).toBe(
      'UnrecognizedClientException',
    );
  });
});
