import { describe, expect, it } from 'vitest';
import type { FeedEvent } from '#cloud/dashboard/feed-events.js';
import { decodeEvent, encodeEvent, MAX_EVENT_CHARS, SseParser } from '#cloud/dashboard/sse.js';
import { namedRandom } from '#wire/random.js';
import { SyntheticRace } from './synthetic-race.js';

const SEED = 11;

function parse(pieces: string[]) {
  const messages: { event: string; data: string; id: string | undefined }[] = [];
  const parser = new SseParser((message) => messages.push(message));
  for (const piece of pieces) parser.push(piece);
  return messages;
}

describe('server-sent events', () => {
  const race = new SyntheticRace({ seed: 3, cars: 3 });
  const events: FeedEvent[] = [
    { type: 'snapshot', id: { epoch: 2, seq: 41 }, view: structuredClone(race.view) },
    { type: 'delta', id: { epoch: 2, seq: 42 }, patch: { log: { 1: { text: 'line\nbreak, “quotes”' } } } },
    { type: 'samples', points: race.samples('car-1') },
    { type: 'status', status: { state: 'down', reason: 'no engine: ECONNREFUSED' } },
  ];

  it(`what is written is read again, cut anywhere, seed ${SEED}`, () => {
    const random = namedRandom(SEED, 'sse');
    const text = `retry: 1000\n\n: beat\n\n${events.map(encodeEvent).join('')}`;
    for (let run = 0; run < 50; run++) {
      const pieces: string[] = [];
      for (let at = 0; at < text.length; ) {
        const size = 1 + Math.floor(random() * 400);
        pieces.push(text.slice(at, at + size));
        at += size;
      }
      expect(parse(pieces).map(decodeEvent)).toEqual(events);
    }
  });

  it('reads the format of others: CRLF, no space after the colon, data on several lines, unknown fields', () => {
    expect(parse(['event:delta\r\nid:1.2\r\ndata:{"a":\r\ndata: 1}\r\nfoo: bar\r\n\r\n'])).toEqual([
      { event: 'delta', id: '1.2', data: '{"a":\n1}' },
    ]);
    expect(parse([': only a comment\n\n', 'id: 3\n\n'])).toEqual([]);
  });

  it('passes over kinds that it does not know', () => {
    expect(decodeEvent({ event: 'weather', data: '{}', id: undefined })).toBeUndefined();
  });

  it.each([
    ['an id that is none', { event: 'delta', data: '{"patch":{}}', id: 'x' }],
    ['data that is not JSON', { event: 'delta', data: '{', id: '1.2' }],
  ])('refuses %s', (_, message) => {
    expect(() => decodeEvent(message)).toThrow(expect.objectContaining({ code: 'PW-SCREEN-FEED' }));
  });

  it('refuses an event without end', () => {
    const parser = new SseParser(() => {});
    const push = () => parser.push('x'.repeat(MAX_EVENT_CHARS + 1));
    expect(push).toThrow(expect.objectContaining({ code: 'PW-SCREEN-FEED' }));
  });
});
