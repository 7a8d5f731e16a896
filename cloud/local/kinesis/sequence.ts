/**
 * Sequence numbers: 56 decimal digits, as long as AWS's, opaque to clients, rising within a shard and from parent to child.
 *
 *     49 | creation of the shard, epoch ms (14) | number of the record in the shard (24) | shard index (16)
 *
 * Number 0 is the shard's StartingSequenceNumber and no record; the EndingSequenceNumber of a closed shard is one more than
 * its last record.
 *
 * A position between two records has the earlier one's number and an index that starts with 9: it sorts behind that record
 * and before the next, so that a reader may go on AT it as well as AFTER it.
 */
export interface SequenceOrigin {
  createdAtMs: number;
  /** Digits of the shard's id. */
  index: number;
}

const LEAD = '49';
const CREATED_DIGITS = 14;
const NUMBER_DIGITS = 24;
const INDEX_DIGITS = 16;
const SHAPE = /^49\d{54}$/;
const BEHIND = '9';

/** What a sequence number stands for. */
export interface SequencePosition {
  number: number;
  /** It is no record, but the place behind it. */
  behind: boolean;
}

/** Whether it is one of some shard. */
export function isSequenceNumber(text: string): boolean {
  return SHAPE.test(text);
}

/** Digits of the id of the shard whose it is. */
export function shardIndexOf(sequenceNumber: string): number {
  // Of a place behind a record too: its index starts with 9.
  return Number(sequenceNumber.slice(1 - INDEX_DIGITS));
}

/** Writes the numbers of one shard; the parts that never change are made once. */
export class SequenceNumbers {
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #behindSuffix: string;

  constructor({ createdAtMs, index }: SequenceOrigin) {
    this.#prefix = LEAD + String(createdAtMs).padStart(CREATED_DIGITS, '0');
    this.#suffix = String(index).padStart(INDEX_DIGITS, '0');
    this.#behindSuffix = BEHIND + this.#suffix.slice(1);
  }

  format(number: number): string {
    return this.#prefix + String(number).padStart(NUMBER_DIGITS, '0') + this.#suffix;
  }

  /** The place behind a record: what a subscription tells its reader to continue from. */
  formatBehind(number: number): string {
    return this.#prefix + String(number).padStart(NUMBER_DIGITS, '0') + this.#behindSuffix;
  }

  /** Undefined when the text is not a sequence number of this shard. */
  parse(text: string): SequencePosition | undefined {
    if (!SHAPE.test(text) || !text.startsWith(this.#prefix)) return undefined;
    const behind = text.endsWith(this.#behindSuffix);
    if (!behind && !text.endsWith(this.#suffix)) return undefined;
    const number = Number(text.slice(this.#prefix.length, -INDEX_DIGITS));
    return Number.isSafeInteger(number) ? { number, behind } : undefined;
  }
}
