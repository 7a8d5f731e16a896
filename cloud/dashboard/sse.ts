/**
 * Server-sent events, the text format (WHATWG HTML, "Server-sent events"): what the feed writes, and an incremental
 * parser for the Node side. Browsers bring their own.
 */
import { PitwallError } from '#wire/errors.js';
import { type FeedEvent, type FeedId, formatFeedId, parseFeedId } from './feed-events.js';
import type { JsonObject } from './merge-patch.js';
import type { RaceView, SamplePoints } from './view.js';

/** Bound on one event that a reader collects: a snapshot of 40 cars has about 20 kB. */
export const MAX_EVENT_CHARS = 4 * 1024 * 1024;

/** The event as text; the same object is written once, however many clients it goes to. */
export function encodeEvent(event: FeedEvent): string {
  let text = encoded.get(event);
  if (text === undefined) {
    text = encode(event);
    encoded.set(event, text);
  }
  return text;
}

const encoded = new WeakMap<FeedEvent, string>();

function encode(event: FeedEvent): string {
  switch (event.type) {
    case 'snapshot':
      return `event: snapshot\nid: ${formatFeedId(event.id)}\ndata: ${JSON.stringify({ view: event.view })}\n\n`;
    case 'delta':
      return `event: delta\nid: ${formatFeedId(event.id)}\ndata: ${JSON.stringify({ patch: event.patch })}\n\n`;
    case 'samples':
      return `event: samples\ndata: ${JSON.stringify(event.points)}\n\n`;
    case 'status':
      return `event: status\ndata: ${JSON.stringify(event.status)}\n\n`;
  }
}

interface SseMessage {
  event: string;
  data: string;
  id: string | undefined;
}

/**
 * Cuts a stream of text into messages. Takes LF and CRLF lines (a lone CR, allowed by the format, is not served: no
 * server that we read writes it).
 */
export class SseParser {
  readonly #onMessage: (message: SseMessage) => void;
  #rest = '';
  #event = '';
  #data: string[] = [];
  #chars = 0;
  #id: string | undefined;

  constructor(onMessage: (message: SseMessage) => void) {
    this.#onMessage = onMessage;
  }

  /** Raises PW-SCREEN-FEED when an event is larger than `MAX_EVENT_CHARS`. */
  push(text: string): void {
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = this.#rest + text.slice(from, end);
      this.#rest = '';
      from = end + 1;
      this.#line(line.endsWith('\r') ? line.slice(0, -1) : line);
    }
    this.#rest += text.slice(from);
    this.#check(this.#rest.length);
  }

  #line(line: string): void {
    if (line === '') {
      this.#dispatch();
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (field === 'event') this.#event = value;
    else if (field === 'id') this.#id = value;
    else if (field === 'data') {
      this.#data.push(value);
      this.#chars += value.length;
      this.#check(this.#chars);
    }
  }

  #dispatch(): void {
    if (this.#data.length > 0) {
      this.#onMessage({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
    }
    this.#event = '';
    this.#data = [];
    this.#chars = 0;
    this.#id = undefined;
  }

  #check(chars: number): void {
    if (chars <= MAX_EVENT_CHARS) return;
    throw new PitwallError('PW-SCREEN-FEED', {
      what: `An event of more than ${MAX_EVENT_CHARS} characters came; a feed sends far smaller ones.`,
      retriable: true,
    });
  }
}

/** A message of our feed as an event; undefined for kinds that this version does not know. */
export function decodeEvent(message: SseMessage): FeedEvent | undefined {
  switch (message.event) {
    case 'snapshot':
      return { type: 'snapshot', id: idOf(message), view: (parse(message) as { view: RaceView }).view };
    case 'delta':
      return { type: 'delta', id: idOf(message), patch: (parse(message) as { patch: JsonObject }).patch };
    case 'samples':
      return { type: 'samples', points: parse(message) as SamplePoints };
    case 'status':
      return { type: 'status', status: parse(message) as { state: 'up' | 'down'; reason: string } };
    default:
      return undefined;
  }
}

function parse(message: SseMessage): unknown {
  try {
    return JSON.parse(message.data);
  } catch (cause) {
    throw new PitwallError('PW-SCREEN-FEED', {
      what: `The data of a ${message.event} is not JSON.`,
      retriable: true,
      cause,
    });
  }
}

function idOf(message: SseMessage): FeedId {
  const id = parseFeedId(message.id);
  if (!id) {
    throw new PitwallError('PW-SCREEN-FEED', {
      what: `A ${message.event} has the id "${message.id}"; wanted <epoch>.<seq>.`,
      retriable: true,
    });
  }
  return id;
}
