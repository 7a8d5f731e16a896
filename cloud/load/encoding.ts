import { isUtf8 } from 'node:buffer';
import { decodeText } from '#wire/text.js';

/** UTF-16 is told by its mark or by its zero bytes; bytes that are no UTF-8 are Windows-1252. */
export type FileEncoding = 'utf8' | 'utf16le' | 'utf16be' | 'windows-1252';

export interface Detected {
  encoding: FileEncoding;
  /** Bytes of the byte order mark, which are no text. */
  markBytes: number;
}

/** Of a text in UTF-16 that is mostly Latin letters and digits nearly every other byte is zero. */
const ZERO_SHARE = 0.3;
/** An UTF-8 character has at most so many bytes: the head may end inside one. */
const UTF8_BYTES_MAX = 4;

/** Tells the encoding from the first bytes of a file. */
export function detectEncoding(head: Uint8Array): Detected {
  const [a, b, c] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: 'utf8', markBytes: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: 'utf16le', markBytes: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: 'utf16be', markBytes: 2 };
  let even = 0;
  let odd = 0;
  for (let i = 0; i < head.length; i++) if (head[i] === 0) i % 2 === 0 ? even++ : odd++;
  const many = (head.length / 2) * ZERO_SHARE;
  if (odd > many && odd > even) return { encoding: 'utf16le', markBytes: 0 };
  if (even > many) return { encoding: 'utf16be', markBytes: 0 };
  for (let cut = 0; cut < UTF8_BYTES_MAX && cut <= head.length; cut++) {
    if (isUtf8(head.subarray(0, head.length - cut))) return { encoding: 'utf8', markBytes: 0 };
  }
  return { encoding: 'windows-1252', markBytes: 0 };
}

/**
 * The lines of whole lines of bytes, each without its end. But in UTF-16 each line tells for itself, as exports of several
 * programs are pasted together: what is UTF-8 is read as such (a line of Windows-1252 that looks like it is none that
 * anybody wrote), every other one as Windows-1252.
 */
export function decodeLines(bytes: Buffer, encoding: FileEncoding): string[] {
  if (encoding === 'utf16le') return linesOf(bytes.toString('utf16le'));
  // Half a character at the end of a file that was cut is none.
  if (encoding === 'utf16be')
    return linesOf(
      Buffer.from(bytes.subarray(0, bytes.length & ~1))
        .swap16()
        .toString('utf16le'),
    );
  return isUtf8(bytes) ? linesOf(bytes.toString('utf8')) : decodeMixed(bytes);
}

function decodeMixed(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(LF, from);
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    lines.push(withoutReturn(decodeText(line, isUtf8(line) ? 'utf8' : 'windows-1252')));
    from = end < 0 ? bytes.length : end + 1;
  }
  return lines;
}

const LF = 0x0a;

function linesOf(text: string): string[] {
  const lines = text.split('\n');
  // What stands behind the last end of line is no line.
  if (lines.at(-1) === '') lines.pop();
  if (text.includes('\r')) for (let i = 0; i < lines.length; i++) lines[i] = withoutReturn(lines[i]);
  return lines;
}

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line);
