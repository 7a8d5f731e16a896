/** What a DBC file says, as far as frames are decoded by it. */

import type { Decimal } from './decimal.js';

/** A place in a file: line and column count from 1. */
export interface Position {
  line: number;
  column: number;
}

/** One signal of a message: where its bits are and what they mean. */
export interface DbcSignal {
  name: string;
  /** Bit number as the file writes it: of the least significant bit for Intel, of the most significant for Motorola. */
  start: number;
  /** Bits, 1 to 64. */
  length: number;
  byteOrder: 'intel' | 'motorola';
  signed: boolean;
  valueType: 'integer' | 'float32' | 'float64';
  /** physical = raw × factor + offset. */
  factor: Decimal;
  offset: Decimal;
  /** Range that the file names; 0 and 0 where it names none. Values are never clamped to it. */
  minimum: number;
  maximum: number;
  unit: string;
  receivers: readonly string[];
  /** Whether other signals are chosen by this one's raw value. */
  multiplexer: boolean;
  /** Present when the signal is there for some raw values of a multiplexer only. */
  selector?: Selector;
  /** Names of raw values. */
  choices?: ReadonlyMap<number, string>;
  comment?: string;
}

/** The signal is there while the multiplexer's raw bits lie in one of the ranges, both ends included. */
export interface Selector {
  multiplexer: string;
  ranges: readonly (readonly [from: number, to: number])[];
}

export interface DbcMessage {
  name: string;
  /** 11 or 29 bits, without the flag for extended ids. */
  id: number;
  extended: boolean;
  /** By the attribute VFrameFormat. */
  fd: boolean;
  /** By the attribute VFrameFormat: a J1939 parameter group, which is known by its PGN whoever sends it. */
  j1939: boolean;
  /** False: no frame can carry its id. So are Vector's container for signals without a message, and ids of other buses. */
  hasBusId: boolean;
  /** Bytes. */
  length: number;
  sender: string;
  /** In the order of the file. */
  signals: readonly DbcSignal[];
  /** By the attribute GenMsgCycleTime; 0 = not said. */
  cycleMs: number;
  comment?: string;
}

/** Something that names what the file does not define: of no weight for decoding, but told. */
export interface DbcWarning extends Position {
  text: string;
}

export interface Dbc {
  /** As it was given: a path, or what stands for one in messages. */
  file: string;
  version: string;
  nodes: readonly string[];
  messages: readonly DbcMessage[];
  valueTables: ReadonlyMap<string, ReadonlyMap<number, string>>;
  warnings: readonly DbcWarning[];
}
