import { PassThrough, Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { type JsonObject, serveJsonLines } from '#cli/json-lines.js';
import { PitwallError } from '#wire/errors.js';

async function answersTo(text: string, serve: (line: JsonObject) => JsonObject): Promise<unknown[]> {
  const output = new PassThrough({ highWaterMark: 16 });
  const chunks: Buffer[] = [];
  output.on('data', (chunk: Buffer) => chunks.push(chunk));
  await serveJsonLines(serve, Readable.from([text]), output);
  return Buffer.concat(chunks)
    .toString()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

it('answers each line in order with its id; one without gets null', async () => {
  const answers = await answersTo('{"id":"a","n":1}\n\n{"id":7,"n":2}\r\n{"n":3}', ({ n }) => ({
    twice: Number(n) * 2,
  }));
  expect(answers).toEqual([
    { id: 'a', twice: 2 },
    { id: 7, twice: 4 },
    { id: null, twice: 6 },
  ]);
});

it('answers a line that it cannot serve with an error, and goes on', async () => {
  const answers = await answersTo('nonsense\n[1]\n{"id":1}\n{"id":2,"ok":true}\n', ({ ok }) => {
    if (!ok) throw new PitwallError('PW-USAGE-LINE', { what: 'Not ok.' });
    return { result: 'ok' };
  });
  expect(answers).toEqual([
    { id: null, error: { code: 'PW-USAGE-LINE', message: 'The line is not JSON.' } },
    { id: null, error: { code: 'PW-USAGE-LINE', message: 'The line is not a JSON object.' } },
    { id: 1, error: { code: 'PW-USAGE-LINE', message: 'Not ok.' } },
    { id: 2, result: 'ok' },
  ]);
});
