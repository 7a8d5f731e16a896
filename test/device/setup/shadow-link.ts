import type { ShadowSyncOptions } from '#device/setup/shadow-sync.js';
import { ShadowSync } from '#device/setup/shadow-sync.js';
import type { ShadowUse } from '#device/setup/shadow-use.js';
import type { Link, MessageHandler } from '#device/uplink/link.js';
import { ManualClock } from '#wire/clock.js';
import { silentLog } from '#wire/log.js';
import { seededRandom } from '#wire/random.js';
import { shadowTopic } from '#wire/topics.js';

export interface Sent {
  verb: string;
  body: { state?: { reported?: Record<string, unknown>; desired?: unknown }; version?: number; clientToken: string };
}

/** A car with one shadow, on a link that only notes what is sent. */
export class ShadowedCar<State extends object> {
  readonly handlers = new Map<string, MessageHandler>();
  readonly sent: Sent[] = [];
  readonly wallClock: ManualClock;
  readonly sync: ShadowSync<State>;
  readonly topic: string;

  constructor(dir: string, use: ShadowUse<State>, options: Partial<ShadowSyncOptions<State>> = {}) {
    this.topic = shadowTopic('car-1', use.name);
    this.wallClock = new ManualClock(1_000_000);
    const link: Link = {
      connect: () => {},
      close: async () => {},
      onState: () => {},
      subscribe: (filter, handler) => this.handlers.set(filter, handler),
      publish: async (topic, payload) => {
        this.sent.push({ verb: topic.slice(this.topic.length + 1), body: JSON.parse(Buffer.from(payload).toString()) });
      },
    };
    this.sync = new ShadowSync({
      thing: 'car-1',
      dir,
      link,
      wallClock: this.wallClock,
      random: seededRandom(1),
      log: silentLog,
      use,
      ...options,
    });
    this.sync.start();
  }

  receive(verb: string, body: unknown): void {
    const topic = `${this.topic}/${verb}`;
    this.handlers.get(topic)!(topic, Buffer.from(JSON.stringify(body)));
  }

  /** Answers the request that was sent last. */
  answer(ending: 'accepted' | 'rejected', body: object): void {
    const { verb, body: request } = this.sent.at(-1)!;
    this.receive(`${verb}/${ending}`, { ...body, clientToken: request.clientToken });
  }

  /** The last update was taken as the service takes it: what it reports is answered with the next version. */
  accept(version: number): void {
    const { state } = this.sent.at(-1)!.body;
    this.answer('accepted', { version, state });
  }

  /** Lets time pass until another request went out; fails when none does within two minutes. */
  waitForRequest(): string {
    const before = this.sent.length;
    for (let i = 0; i < 1200 && this.sent.length === before; i++) this.wait(100);
    if (this.sent.length === before) throw new Error('no request in two minutes');
    return this.sent.at(-1)!.verb;
  }

  verbs(): string[] {
    return this.sent.map(({ verb }) => verb);
  }

  reports(): unknown[] {
    return this.sent.flatMap(({ verb, body }) => (verb === 'update' ? [body.state?.reported] : []));
  }

  /** Lets wall time pass as the agent does: in small steps. */
  wait(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.wallClock.advance(100);
      this.sync.tick();
    }
  }
}
