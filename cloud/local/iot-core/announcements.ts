import { errorCode } from '#wire/errors.js';
import type { Log } from '#wire/log.js';
import type { Admission, Publish } from './admission.js';
import type { Distribution } from './delivery/distribution.js';
import { hasEvents, type LifecycleEvent } from './presence/lifecycle.js';

export interface AnnouncementsOptions {
  admission: Admission;
  distribution: Distribution;
  log: Log;
}

/** What AWS itself says, on its reserved topics: rules and subscribers get it. */
export class Announcements {
  readonly #options: AnnouncementsOptions;
  #closing = false;

  constructor(options: AnnouncementsOptions) {
    this.#options = options;
  }

  async announce(topic: string, payload: Buffer): Promise<void> {
    const { admission, distribution } = this.#options;
    const publish: Publish = { topic, payload, qos: 1, retain: false };
    await admission.toRules({ kind: 'topic' }, publish, { clientId: '', principal: '' });
    distribution.route(publish);
  }

  /** A lifecycle event; none any more once the broker closes. */
  tell(clientId: string, { topic, payload }: LifecycleEvent): void {
    if (this.#closing || !hasEvents(clientId)) return;
    this.announce(topic, toJson(payload)).catch((error: unknown) => {
      this.#options.log.error('A lifecycle event could not be published.', { topic, error: errorCode(error) });
    });
  }

  close(): void {
    this.#closing = true;
  }
}

export function toJson(payload: unknown): Buffer {
  return Buffer.from(JSON.stringify(payload));
}
