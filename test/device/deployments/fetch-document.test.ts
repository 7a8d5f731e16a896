import { createHash } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { type Fetch, fetchDocument } from '#device/deployments/fetch-document.js';
import { seededRandom } from '#wire/random.js';

const text = '{"campaign":1}';
const sha256 = createHash('sha256').update(text).digest('hex');
const url = 'https://example.test/documents/1?X-Amz-Signature=secret';
const get = (fetch: Fetch, more = {}) => fetchDocument({ url, sha256 }, { random: seededRandom(1), fetch, ...more });
/** Answers one after the other; the last again and again. */
function answers(...all: (Response | Error)[]) {
  return vi.fn<Fetch>(async () => {
    const next = all.length > 1 ? all.shift()! : all[0];
    if (next instanceof Error) throw next;
    return next.clone();
  });
}

describe('a document by hash and URL', () => {
  test('is fetched, and again after what may pass', async () => {
    const fetch = answers(new Error('reset'), new Response('', { status: 503 }), new Response(text));
    expect(Buffer.from(await get(fetch)).toString()).toBe(text);
    expect(fetch).toHaveBeenCalledTimes(3);
  });

  test.each([
    ['is refused or expired', new Response('', { status: 403 }), 'HTTP 403'],
    ['is another one', new Response('{}'), 'SHA-256'],
  ])('fails at once when it %s', async (_what, response, words) => {
    const fetch = answers(response);
    await expect(get(fetch)).rejects.toMatchObject({
      code: 'PW-DEPLOY-FETCH',
      message: expect.stringContaining(words),
    });
    expect(fetch).toHaveBeenCalledTimes(1);
  });

  test('fails when it is larger than it may be, without reading on', async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1000));
      },
    });
    const fetch: Fetch = async () => new Response(body);
    await expect(get(fetch, { bytesMax: 5000 })).rejects.toThrow('larger than 5000');
    expect(pulled).toBeLessThan(10);
  });

  test('fails after so many attempts, and says no secret', async () => {
    const fetch = answers(new Error('no route'));
    const error = await get(fetch, { attempts: 2 }).catch((each: Error) => each);
    expect(String(error)).toContain('no route');
    expect(String(error)).not.toContain('secret');
    expect(fetch).toHaveBeenCalledTimes(2);
  });

  test('ends when nobody wants it any more', async () => {
    const abort = new AbortController();
    const fetch = answers(new Error('no route'));
    const fetched = get(fetch, { signal: abort.signal });
    abort.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'PW-DEPLOY-FETCH' });
    expect(fetch.mock.calls.length).toBeLessThanOrEqual(2);
  });
});
