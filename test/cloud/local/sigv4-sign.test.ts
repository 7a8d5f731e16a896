import { expect, it } from 'vitest';
import { verifySigV4 } from '#cloud/local/sigv4.js';
import { signSigV4 } from '#cloud/local/sigv4-sign.js';

const keys = { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' };
const NOW_MS = Date.UTC(2025, 10, 21, 8, 9, 10);

it.each(['/rules', '/rules/a_b/tap?waitMs=1000&b=x%20y', '/'])(
  'the one side verifies what the other signs: %s',
  (path) => {
    const url = new URL(path, 'http://127.0.0.1:4000');
    const body = '{"a":1}';
    const headers = signSigV4({ method: 'POST', url, body }, keys, { service: 'pitwall', region: 'eu-west-1' }, NOW_MS);
    const request = { method: 'POST', url: `${url.pathname}${url.search}`, headers: { ...headers, host: url.host } };
    const verify = (given: typeof request, text = body, secretAccessKey = 'secret') =>
      verifySigV4(given, Buffer.from(text), { ...keys, secretAccessKey }, 'pitwall', NOW_MS, 'eu-west-1').ok;
    expect(verify(request)).toBe(true);
    expect(verify({ ...request, url: '/other' })).toBe(false);
    expect(verify(request, '{}')).toBe(false);
    expect(verify(request, body, 'guess')).toBe(false);
  },
);
