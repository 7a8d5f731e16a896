import { decimal } from './decimal.js';
import type { Lexer } from './lexer.js';
import type { DbcMessage, DbcSignal } from './model.js';

/** The flag of an extended id in a file (bit 31). */
export const EXTENDED_FLAG = 0x8000_0000;
/** 29 bits and the flag for extended ids, as far as 32 bits go. */
export const FILE_ID_MAX = 0xffff_ffff;
const STANDARD_ID_MAX = 0x7ff;
const EXTENDED_ID_MAX = 0x1fff_ffff;
/** A message of J1939's transport protocol is the longest that files describe. */
const MESSAGE_BYTES_MAX = 1785;
const SIGNAL_BITS_MAX = 64;

/** A signal, and how its SG_ line marks multiplexing: `M`, `m3`, `m3M`. */
export interface ParsedSignal {
  signal: DbcSignal;
  /** Value of the multiplexer, where the line gives one. */
  multiplexedBy?: number;
}

/** After BO_: `320 Engine: 8 ECU`. */
export function parseMessage(lexer: Lexer): DbcMessage & { signals: DbcSignal[] } {
  const fileId = lexer.whole('the id of a message', FILE_ID_MAX);
  const name = lexer.word('the name of a message').text;
  lexer.sign(':', "after the message's name");
  const length = lexer.whole('the length of a message in bytes', MESSAGE_BYTES_MAX);
  const sender = lexer.word('the name of the sender').text;
  const extended = fileId >= EXTENDED_FLAG;
  const id = extended ? fileId - EXTENDED_FLAG : fileId;
  const hasBusId = id <= (extended ? EXTENDED_ID_MAX : STANDARD_ID_MAX);
  return { name, id, extended, fd: false, j1939: false, hasBusId, length, sender, signals: [], cycleMs: 0 };
}

/**
 * After SG_: `RPM : 16|14@1+ (1,0) [0|10000] "rpm" ECU,Dash`.
 *
 * @param isKeyword whether a word starts a statement: receivers may be absent
 */
export function parseSignal(lexer: Lexer, message: DbcMessage, isKeyword: (word: string) => boolean): ParsedSignal {
  const nameToken = lexer.word('the name of a signal');
  const { multiplexer, multiplexedBy } = parseMark(lexer);
  lexer.sign(':', "after the signal's name");
  const start = lexer.whole('the start bit', MESSAGE_BYTES_MAX * 8 - 1);
  lexer.sign('|', 'after the start bit');
  const lengthToken = lexer.token;
  const length = lexer.whole('the number of bits', SIGNAL_BITS_MAX);
  if (length === 0) throw lexer.error(lengthToken, 'expected 1 to 64 bits, found 0');
  lexer.sign('@', 'before the byte order');
  const byteOrder = lexer.whole('the byte order: 0 Motorola, 1 Intel', 1) === 1 ? 'intel' : 'motorola';
  const signed = lexer.isSign('-');
  if (!lexer.takeSign('-') && !lexer.takeSign('+')) throw lexer.expected('"+" or "-", the sign of the values');
  lexer.sign('(', 'before the factor');
  const factor = decimal(lexer.number('the factor'));
  lexer.sign(',', 'between factor and offset');
  const offset = decimal(lexer.number('the offset'));
  lexer.sign(')', 'after the offset');
  lexer.sign('[', 'before the minimum');
  const minimum = decimal(lexer.number('the minimum')).value;
  lexer.sign('|', 'between minimum and maximum');
  const maximum = decimal(lexer.number('the maximum')).value;
  lexer.sign(']', 'after the maximum');
  const unit = lexer.string('the unit');
  const receivers = parseReceivers(lexer, nameToken.line, isKeyword);
  const signal: DbcSignal = {
    name: nameToken.text,
    start,
    length,
    byteOrder,
    signed,
    valueType: 'integer',
    factor,
    offset,
    minimum,
    maximum,
    unit,
    receivers,
    multiplexer,
  };
  if (message.hasBusId && lastByte(signal) >= message.length) {
    const room = `${message.name} has ${message.length} bytes`;
    throw lexer.error(
      nameToken,
      `expected a signal inside its message (${room}), found ${signal.name} to byte ${lastByte(signal) + 1}`,
    );
  }
  return { signal, multiplexedBy };
}

/** Names on the same line, behind commas or not; a line goes on behind a comma. There may be none. */
function parseReceivers(lexer: Lexer, line: number, isKeyword: (word: string) => boolean): string[] {
  const receivers: string[] = [];
  let goesOn = false;
  while (lexer.token.kind === 'word' && !isKeyword(lexer.token.text) && (goesOn || lexer.token.line === line)) {
    receivers.push(lexer.next().text);
    goesOn = lexer.takeSign(',');
  }
  return receivers;
}

/** Index of the last byte that holds bits of the signal. */
export function lastByte({ start, length, byteOrder }: DbcSignal): number {
  if (byteOrder === 'intel') return (start + length - 1) >> 3;
  // Motorola counts on from the most significant bit towards bit 0 and then from bit 7 of the next byte.
  return ((start & ~7) + 7 - (start & 7) + length - 1) >> 3;
}

function parseMark(lexer: Lexer): { multiplexer: boolean; multiplexedBy?: number } {
  if (lexer.token.kind !== 'word') return { multiplexer: false };
  const [, value, isMultiplexer] = /^(?:m(\d+))?(M?)$/.exec(lexer.token.text) ?? [];
  if (isMultiplexer === undefined || (value === undefined && isMultiplexer === '')) {
    throw lexer.expected('":" or a mark of multiplexing (M, m3, m3M)');
  }
  lexer.next();
  return { multiplexer: isMultiplexer === 'M', multiplexedBy: value === undefined ? undefined : Number(value) };
}
