import { createHash } from 'node:crypto';
import { PitwallError } from './errors.js';
import type { ChannelSpec } from './messages.js';

/** At most this many channels in a table: indices are written as small varints, tables fit one 128 KB message. */
export const MAX_CHANNELS = 1024;

/**
 * A channel table: what the columns of a frame mean. It is published once per boot and on change under its hash; a frame
 * carries only the hash.
 *
 * @example
 * const table = new ChannelTable([{ name: 'speed', unit: 'km/h', scale: 0.01, offset: 0, rateHz: 100 }]);
 * table.hash; // 16 hex digits
 */
export class ChannelTable {
  readonly channels: readonly ChannelSpec[];
  /** First 8 bytes of the SHA-256 of the canonical JSON, as 16 hex digits. */
  readonly hash: string;
  /** 1/scale where that is a whole number (0.01 → 100), else 0: dividing by it gives 0.3, multiplying gives 0.30000000000000004. */
  readonly inverseScale: Float64Array;
  readonly #indexByName = new Map<string, number>();

  constructor(channels: readonly ChannelSpec[]) {
    if (channels.length === 0 || channels.length > MAX_CHANNELS) {
      throw new PitwallError('PW-WIRE-TABLE', {
        what: `A table of ${channels.length} channels; wanted 1 to ${MAX_CHANNELS}.`,
      });
    }
    this.inverseScale = new Float64Array(channels.length);
    this.channels = channels.map((channel, index) => {
      const { name, unit, scale, offset, rateHz } = channel;
      if (!name || this.#indexByName.has(name) || !(scale > 0) || !Number.isFinite(offset) || !(rateHz > 0)) {
        throw new PitwallError('PW-WIRE-TABLE', {
          what: `Channel ${index} is ${JSON.stringify(channel)}; wanted a name used once, scale > 0, a finite offset, rateHz > 0.`,
        });
      }
      this.#indexByName.set(name, index);
      const inverse = Math.round(1 / scale);
      this.inverseScale[index] = Math.abs(inverse * scale - 1) < 1e-12 ? inverse : 0;
      return { name, unit, scale, offset, rateHz };
    });
    const canonical = JSON.stringify(this.channels);
    this.hash = createHash('sha256').update(canonical).digest('hex').slice(0, 16);
  }

  /** Index of a channel by name, −1 if the table has none. */
  indexOf(name: string): number {
    return this.#indexByName.get(name) ?? -1;
  }

  toJSON(): { channels: readonly ChannelSpec[] } {
    return { channels: this.channels };
  }
}
