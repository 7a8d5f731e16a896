import type { Dbc, DbcMessage } from './dbc/model.js';
import { type CanFrame, ERROR, EXTENDED, REMOTE } from './frame.js';
import { MessageDecoder } from './message-decoder.js';
import { pgnOf } from './pgn.js';

const STANDARD_IDS = 0x800;

export interface CanDecoderOptions {
  /** Whether messages of the format J1939PG are known by their PGN, whatever priority, source and destination the id has. */
  j1939?: boolean;
}

/**
 * Finds the message of a frame and decodes it.
 *
 * An id in several files is decoded by the first that has it; `shadowed` says which definitions are not used therefore.
 *
 * @example
 * const decoder = new CanDecoder([await readDbc('car.dbc')]);
 * const message = decoder.decode(frame);
 * if (message) console.log(message.signals.map(({ name }, i) => [name, message.values[i]]));
 */
export class CanDecoder {
  readonly decoders: readonly MessageDecoder[];
  /** `"Engine of b.dbc: a.dbc has id 320 first"` */
  readonly shadowed: readonly string[];
  /** Data frames whose id no file defines. */
  unknown = 0;
  readonly #standard: (MessageDecoder | undefined)[] = new Array<MessageDecoder | undefined>(STANDARD_IDS).fill(
    undefined,
  );
  readonly #extended = new Map<number, MessageDecoder>();
  readonly #byPgn = new Map<number, MessageDecoder>();

  constructor(files: readonly Dbc[], { j1939 = false }: CanDecoderOptions = {}) {
    const decoders: MessageDecoder[] = [];
    const shadowed: string[] = [];
    const fileOf = new Map<MessageDecoder, string>();
    for (const { file, messages } of files) {
      for (const message of messages) {
        if (!message.hasBusId) continue;
        const first = this.#exact(message.id, message.extended);
        if (first) {
          shadowed.push(`${message.name} of ${file}: ${fileOf.get(first)} has id ${message.id} first`);
          continue;
        }
        const decoder = new MessageDecoder(message);
        fileOf.set(decoder, file);
        decoders.push(decoder);
        this.#add(message, decoder);
        if (j1939 && message.j1939 && !this.#byPgn.has(pgnOf(message.id))) this.#byPgn.set(pgnOf(message.id), decoder);
      }
    }
    this.decoders = decoders;
    this.shadowed = shadowed;
  }

  /** Frames that were too short for a signal of their message. */
  get truncated(): number {
    return this.decoders.reduce((sum, { truncated }) => sum + truncated, 0);
  }

  /** The frame's message with the values decoded, or undefined: remote and error frames, ids that no file defines. */
  decode(frame: CanFrame): MessageDecoder | undefined {
    if ((frame.flags & (REMOTE | ERROR)) !== 0) return undefined;
    const extended = (frame.flags & EXTENDED) !== 0;
    let decoder = this.#exact(frame.id, extended);
    if (!decoder && extended && this.#byPgn.size > 0) decoder = this.#byPgn.get(pgnOf(frame.id));
    if (decoder) decoder.decode(frame.data, frame.length);
    else this.unknown++;
    return decoder;
  }

  #exact(id: number, extended: boolean): MessageDecoder | undefined {
    return extended ? this.#extended.get(id) : this.#standard[id];
  }

  #add({ id, extended }: DbcMessage, decoder: MessageDecoder): void {
    if (extended) this.#extended.set(id, decoder);
    else this.#standard[id] = decoder;
  }
}
