import { encodeMessage, type Place, Sequence } from './envelope.js';
import type { Journal } from './journal/journal.js';
import { familyOfKind, type Priority, type RecordKind } from './journal/record.js';
import type { Body } from './sources/source.js';
import type { Clock } from './wire/clock.js';
import type { Boot } from './wire/identity.js';
import type { AgentEvent, CallAckMessage, SchemaMessage, TimingMessage } from './wire/messages.js';

/** Every journaled JSON message, without its envelope. Its `kind` is also its record's. */
export type MessageBody = Body<AgentEvent | SchemaMessage | TimingMessage | CallAckMessage>;

export interface RecorderOptions {
  thing: string;
  journal: Journal;
  raceClock: Clock;
  /** New records are on disk and may be sent. */
  onCommitted: () => void;
}

/** The door to the journal: gives each record its place in the boot's sequence and puts messages into their envelope. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #sequence = new Sequence();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Of the newest record; 0 before the first. */
  get lastSeq(): number {
    return this.#sequence.next('frames').seq - 1;
  }

  get boot(): Boot {
    return this.#options.journal.boot;
  }

  /**
   * Journals bytes that carry their place themselves (frames). When `encode` throws no place is used up. `priority`: by
   * kind when absent.
   */
  record(kind: RecordKind, encode: (place: Place) => Uint8Array, priority?: Priority): void {
    const { journal } = this.#options;
    const family = familyOfKind(kind);
    const place = this.#sequence.next(family);
    journal.append({ seq: place.seq, kind, payload: encode(place), priority });
    this.#sequence.take(family);
  }

  /** Journals a JSON message; its event time defaults to now. */
  message(body: MessageBody): void {
    const { thing, journal, raceClock } = this.#options;
    const { eventTimeMs = raceClock.nowMs(), ...rest } = body;
    this.record(body.kind, (place) => encodeMessage({ thing, boot: journal.boot }, place, eventTimeMs, rest));
  }

  /** Writes what was recorded since the last time with one write. */
  commit(): void {
    this.#options.journal.commit();
    this.#options.onCommitted();
  }
}
