import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { KinesisClient } from '@aws-sdk/client-kinesis';
import { credentials, region } from './local-aws.js';

/** Signs with the stock client, asks on one HTTP/2 connection, takes the heads of the answers and leaves their bodies unread. */
export class SlowReader {
  readonly failures: string[] = [];
  readonly #session: ClientHttp2Session;
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
    // A window as wide as a client of ours opens: what is not read waits at the server.
    this.#session = connect(url, { settings: { initialWindowSize: 65_535 } });
  }

  /** Status of the answer. */
  async ask(send: (client: KinesisClient) => Promise<unknown>): Promise<number> {
    let headers: Record<string, string> = {};
    let body = '';
    const requestHandler = {
      handle: async (request: { headers: Record<string, string>; body: string }) => {
        ({ headers, body } = request);
        throw new Error('Only signed.');
      },
    };
    const client = new KinesisClient({ endpoint: this.#url, region, credentials, maxAttempts: 1, requestHandler });
    await send(client).catch(() => {});
    const { host, ...others } = headers;
    const stream = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/',
      [constants.HTTP2_HEADER_AUTHORITY]: host,
      ...others,
    });
    stream.on('error', (error) => this.failures.push(error.message));
    stream.end(body);
    return new Promise((resolve) => {
      stream.once('response', (head) => resolve(Number(head[constants.HTTP2_HEADER_STATUS])));
      stream.once('close', () => resolve(0));
    });
  }

  close(): void {
    this.#session.destroy();
  }
}
