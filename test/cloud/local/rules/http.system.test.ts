/** The action http over a real connection, with the platform's fetch. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { httpPost } from '#cloud/local/rules/http.js';
import { wallClock } from '#wire/clock.js';

const post = httpPost({ fetch, wallClock });
const seen: { path: string; lap: unknown; body: string }[] = [];
let server: Server;
let origin: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { url: path = '', headers } = request;
      seen.push({ path, lap: headers['x-lap'], body: Buffer.concat(chunks).toString() });
      const [, status = '200', pad = '0'] = path.split('/');
      response.writeHead(Number(status), { location: `${origin}/200` });
      response.end('x'.repeat(Number(pad)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const send = (path: string) => {
  const body = Buffer.from('{"lap":12}');
  seen.length = 0;
  return post({ url: `${origin}${path}`, confirmationUrl: origin, headers: { 'x-lap': '12' }, body });
};

it('the message arrives as it was made', async () => {
  expect(await send('/200')).toEqual({});
  expect(seen).toEqual([{ path: '/200', lap: '12', body: '{"lap":12}' }]);
});

it('an answer that stays 503 is tried three times; a 404 once; a long one is not read to its end', async () => {
  expect(await send('/503')).toMatchObject({ errorCode: 'Http503', retriable: false });
  expect(seen).toHaveLength(3);
  expect(await send('/404')).toMatchObject({ errorCode: 'Http404' });
  expect(seen).toHaveLength(1);
  expect(await send('/503/20000')).toMatchObject({ errorCode: 'Http503' });
  expect(seen).toHaveLength(1);
});

it('a redirect leads nowhere: it would leave what was confirmed', async () => {
  expect(await send('/307')).toMatchObject({ errorCode: expect.any(String), retriable: false });
  expect(seen.map(({ path }) => path)).toEqual(['/307']);
});

it('nobody there is a failure with a code, at once', async () => {
  const gone = createServer();
  await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
  const { port } = gone.address() as AddressInfo;
  await new Promise((resolve) => gone.close(resolve));
  const url = `http://127.0.0.1:${port}/`;
  const result = await post({ url, confirmationUrl: url, headers: {}, body: new Uint8Array() });
  expect(result).toMatchObject({ errorCode: expect.any(String), errorMessage: `${url} gave no answer` });
});
