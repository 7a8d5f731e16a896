import type { SourceStatus } from '../feed-events.js';
import { apply, type JsonObject } from '../merge-patch.js';
import type { RaceView, SamplePoints } from '../view.js';
import type { Connection } from './mode.js';

/** After the browser has given up (the server answered with an error), a new stream is tried this often. */
const REOPEN_MS = 2_000;

export interface FeedListener {
  connection(connection: Connection): void;
  view(view: RaceView): void;
  samples(points: SamplePoints): void;
  status(status: SourceStatus): void;
}

/**
 * The page's end of the feed: keeps the view by applying what comes. The browser reconnects and resumes by itself; for
 * another car's samples a new stream is opened that resumes where the old one was.
 */
export class Feed {
  readonly #listener: FeedListener;
  #source: EventSource | undefined;
  #thing: string | undefined;
  #view: JsonObject | undefined;
  #lastEventId = '';
  #reopen: number | undefined;

  constructor(listener: FeedListener) {
    this.#listener = listener;
  }

  /** Whose samples are wanted; undefined: nobody's. */
  open(thing: string | undefined): void {
    if (this.#source && this.#source.readyState !== EventSource.CLOSED && thing === this.#thing) return;
    this.#thing = thing;
    this.#source?.close();
    window.clearTimeout(this.#reopen);
    const address = new URL('feed', document.baseURI);
    if (thing !== undefined) address.searchParams.set('thing', thing);
    if (this.#view) address.searchParams.set('lastEventId', this.#lastEventId);
    const source = new EventSource(address);
    this.#source = source;
    source.onopen = () => this.#listener.connection('open');
    source.onerror = () => {
      this.#listener.connection('lost');
      if (source.readyState === EventSource.CLOSED) {
        this.#reopen = window.setTimeout(() => this.open(this.#thing), REOPEN_MS);
      }
    };
    source.addEventListener('snapshot', (event) => this.#take(event, (data) => data.view as JsonObject));
    source.addEventListener('delta', (event) =>
      this.#take(event, (data) => apply(this.#view, data.patch as JsonObject)),
    );
    source.addEventListener('samples', (event) => this.#listener.samples(JSON.parse(event.data)));
    source.addEventListener('status', (event) => this.#listener.status(JSON.parse(event.data)));
  }

  #take(event: MessageEvent<string>, next: (data: JsonObject) => JsonObject): void {
    this.#view = next(JSON.parse(event.data));
    this.#lastEventId = event.lastEventId;
    this.#listener.view(this.#view as unknown as RaceView);
  }
}
