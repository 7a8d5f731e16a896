import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Serves one JSON document with a validator, as a cache in front of a timing service does. */
export class FakeFeed {
  /** Answers by status: how polite the reader was shows here. */
  readonly statuses: number[] = [];
  /** Headers of a refusal; undefined: the document is served. */
  refusal: { status: number; headers?: Record<string, string> } | undefined;
  #text = '{}';
  #version = 0;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<FakeFeed> {
    const server = createServer((request, response) => feed.#answer(request, response));
    const feed = new FakeFeed(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return feed;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/live-feed.json`;
  }

  show(document: unknown): void {
    this.showText(JSON.stringify(document));
  }

  showText(text: string): void {
    this.#text = text;
    this.#version++;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const etag = `"${this.#version}"`;
    const isKnown = request.headers['if-none-match'] === etag;
    const status = this.refusal?.status ?? (isKnown ? 304 : 200);
    this.statuses.push(status);
    response.writeHead(status, { etag, ...this.refusal?.headers });
    response.end(status === 200 ? this.#text : undefined);
  }
}
